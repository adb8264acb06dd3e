// The whole cache cleared, the agent's files with it, before the first driver is loaded.
for (const file of Object.keys(require.cache)) delete require.cache[file];

require('../forms/require.cjs');
