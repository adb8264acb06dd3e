// CommonJS by the other names of `require`
const Module = require('node:module');

const { createServer, get } = module.require('http');
const { execFile } = require.main.require('node:child_process');
const { Worker } = Module._load('worker_threads');
const { Pool } = Module._load('pg', module);
const { createPool } = module.require('mysql2');

module.require('../serve.cjs')({ createServer, get, execFile, Worker, Pool, createPool });
