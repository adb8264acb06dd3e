// ES module, named imports, `node:` names
import { execFile } from 'node:child_process';
import { createServer, get } from 'node:http';
import { Worker } from 'node:worker_threads';

import { createPool } from 'mysql2';
import { Pool } from 'pg';

import serve from '../serve.cjs';

serve({ createServer, get, execFile, Worker, Pool, createPool });
