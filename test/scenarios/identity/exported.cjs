// Tells what it exports by another way, to be compared with what those who load it are given.
module.exports = { name: 'exported' };
globalThis.exported = module.exports;
