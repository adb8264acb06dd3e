// The drivers were loaded by a preload.
if (globalThis.earlyPool !== require('pg').Pool) throw new Error('not loaded early');

require('../forms/require-node.cjs');
