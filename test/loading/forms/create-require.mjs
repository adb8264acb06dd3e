// ES module, all by createRequire
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { createServer, get } = require('http');
const { execFile } = require('node:child_process');
const { Worker } = require('worker_threads');
const { Pool } = require('pg');
const { createPool } = require('mysql2');

require('../serve.cjs')({ createServer, get, execFile, Worker, Pool, createPool });
