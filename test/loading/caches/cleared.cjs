// Both drivers loaded, the whole cache cleared, and both loaded again: two of each, in one folder.
const pg = require('pg');
const mysql = require('mysql2');

for (const file of Object.keys(require.cache)) delete require.cache[file];
const again = { pg: require('pg'), mysql: require('mysql2') };
if (again.pg === pg || again.pg.Pool === pg.Pool || again.mysql === mysql) throw new Error('loaded once');

require('../serve.cjs')({
  ...require('node:http'),
  ...require('node:child_process'),
  ...require('node:worker_threads'),
  Pool: [pg.Pool, again.pg.Pool],
  createPool: [mysql.createPool, again.mysql.createPool],
});
