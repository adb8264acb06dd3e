const pg: typeof import('pg') = require('pg');

module.exports = pg;
