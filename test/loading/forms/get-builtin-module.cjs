// CommonJS, builtins by process.getBuiltinModule
const { getBuiltinModule } = process;
const { createServer, get } = getBuiltinModule('http');
const { execFile } = getBuiltinModule('node:child_process');
const { Worker } = process.getBuiltinModule('worker_threads');
const { Pool } = require('pg');
const { createPool } = require('mysql2');

if (getBuiltinModule('pg') !== undefined) throw new Error('pg is no builtin');
require('../serve.cjs')({ createServer, get, execFile, Worker, Pool, createPool });
