// TypeScript that Node can strip to CommonJS.
const { execFile } = require('node:child_process') as typeof import('node:child_process');
const { createServer, get } = require('node:http') as typeof import('node:http');
const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
const { createPool } = require('mysql2') as typeof import('mysql2');
const { Pool } = require('pg') as typeof import('pg');

type Serve = (parts: object) => void;
const serve = require('../../loading/serve.cjs') as Serve;

serve({ createServer, get, execFile, Worker, Pool, createPool });
