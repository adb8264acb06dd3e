// A process that runs the tasks that its standard input names, a line for each.
const { createInterface } = require('node:readline');

const run = require('./run.cjs');

createInterface({ input: process.stdin }).on('line', async (id) => console.log(await run(id)));
