// Prints what Node has loaded of itself, without loading more of it to do so.
require('node:fs').writeSync(1, `${JSON.stringify(process.moduleLoadList)}\n`);
