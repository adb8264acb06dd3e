// A thread made of a CommonJS file.
const { parentPort } = require('node:worker_threads');
const { look } = require('./inside.cjs');

parentPort.postMessage(look([require.main === module, module.parent === null, module.id, typeof __filename]));
