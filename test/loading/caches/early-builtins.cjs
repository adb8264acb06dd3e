// Uses the functions that a preload has taken out of Node's modules.
const { createServer } = require('node:http');
const { Pool } = require('pg');
const { createPool } = require('mysql2');

require('../serve.cjs')({ ...globalThis.early, createServer, Pool, createPool });
