import { parentPort, workerData } from 'node:worker_threads';

import { receive } from './receive.cjs';

receive(workerData, parentPort, (answer) => parentPort.postMessage(answer));
