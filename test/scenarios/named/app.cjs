const things = require('./things.cjs');
const { profiler } = require(process.env.AGENT);
const { use } = require('./use.cjs');

use(things, things, profiler);
