import * as childProcess from 'child_process';
import { promisify } from 'node:util';

import commands from './commands.cjs';

await commands({ childProcess, promisify });
