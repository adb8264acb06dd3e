require('node:worker_threads').parentPort.postMessage(require('./state.cjs').isOn);
