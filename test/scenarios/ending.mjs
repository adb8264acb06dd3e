import * as childProcess from 'node:child_process';
import { Worker } from 'node:worker_threads';

import ending from './ending.cjs';

await ending({ childProcess, Worker });
