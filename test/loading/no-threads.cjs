// The application without commands and threads, for where they are forbidden.
const { createServer, get } = require('node:http');
const { Pool } = require('pg');
const { createPool } = require('mysql2');

require('./serve.cjs')({ createServer, get, Pool, createPool });
