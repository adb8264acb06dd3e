// The files of the drivers taken out of the cache while they are in use, and loaded once more by a request.
const { createServer } = require('node:http');
const first = require('pg');

for (const file of Object.keys(require.cache)) if (file.includes('pg')) delete require.cache[file];
class LatePool {
  query(...args) {
    this.pool ??= new (require('pg').Pool)({ max: 1 });
    return this.pool.query(...args);
  }

  end() {
    return this.pool?.end();
  }
}

require('../serve.cjs')({
  ...require('node:http'),
  ...require('node:child_process'),
  ...require('node:worker_threads'),
  createServer,
  Pool: [first.Pool, LatePool],
  createPool: require('mysql2').createPool,
});
