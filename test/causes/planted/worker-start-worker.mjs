// What the worker thread does: nearly nothing.
import { parentPort, workerData } from 'node:worker_threads';

parentPort.postMessage(workerData * 2);
