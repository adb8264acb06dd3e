// A preload that brings both drivers, and makes a pool, before the agent is there.
const { Pool } = require('pg');
require('mysql2');

globalThis.earlyPool = Pool;
