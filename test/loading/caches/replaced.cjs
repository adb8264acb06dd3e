// Another cache in the place of Node's, as compilers put it there.
const Module = require('node:module');

Module._cache = Object.create(null);

require('../forms/require.cjs');
