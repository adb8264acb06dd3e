// ES module, dynamic imports
const { createServer, get } = await import('http');
const { execFile } = await import('node:child_process');
const { default: threads } = await import('worker_threads');
const { Pool } = await import('pg');
const { default: mysql } = await import('mysql2');
const { default: serve } = await import('../serve.cjs');

serve({ createServer, get, execFile, Worker: threads.Worker, Pool, createPool: mysql.createPool });
