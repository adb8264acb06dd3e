import { Worker } from 'worker_threads';

import threads from './threads.cjs';

await threads({ Worker });
