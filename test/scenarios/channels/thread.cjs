const { parentPort, workerData } = require('node:worker_threads');
const { receive } = require('./receive.cjs');

receive(workerData, parentPort, (answer) => parentPort.postMessage(answer));
