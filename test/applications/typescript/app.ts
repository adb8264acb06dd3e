// TypeScript as most CommonJS applications have it: imports that a compiler makes calls of `require`.
import { execFile } from 'node:child_process';
import { createServer, get } from 'node:http';
import { Worker } from 'node:worker_threads';

import { createPool } from 'mysql2';
import { Pool } from 'pg';

type Serve = (parts: object) => void;
const serve = require('../../loading/serve.cjs') as Serve;

serve({ createServer, get, execFile, Worker, Pool, createPool });
