// CommonJS that imports an ES module
void import('./import-named.mjs');
