import { parentPort } from 'node:worker_threads';

import { isOn } from './state.cjs';

parentPort.postMessage(isOn);
