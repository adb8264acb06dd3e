// ES module, builtins by process.getBuiltinModule
import mysql from 'mysql2';
import pg from 'pg';

import serve from '../serve.cjs';

const { createServer, get } = process.getBuiltinModule('node:http');
const { execFile } = process.getBuiltinModule('child_process');
const { Worker } = process.getBuiltinModule('node:worker_threads');

serve({ createServer, get, execFile, Worker, Pool: pg.Pool, createPool: mysql.createPool });
