// ES module that imports pg-pool and never pg
import { execFile } from 'node:child_process';
import { createServer, get } from 'node:http';
import { Worker } from 'node:worker_threads';

import { createPool } from 'mysql2';
import Pool from 'pg-pool';

import serve from '../serve.cjs';

serve({ createServer, get, execFile, Worker, Pool, createPool });
