// CommonJS, `node:` names, all destructured
const { createServer, get } = require('node:http');
const { execFile } = require('node:child_process');
const { Worker } = require('node:worker_threads');
const { Pool } = require('pg');
const { createPool } = require('mysql2');

require('../serve.cjs')({ createServer, get, execFile, Worker, Pool, createPool });
