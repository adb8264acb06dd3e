// CommonJS that requires an ES module
require('./import-default.mjs');
