// A thread made of an ES module.
import { parentPort } from 'node:worker_threads';

import { look } from './inside.cjs';

parentPort.postMessage(look([import.meta.main, typeof import.meta.url, typeof import.meta.filename]));
