// ES module, all through the `#imports` of its package
import { Worker } from 'node:worker_threads';

import { execFile } from '#commands';
import mysql from '#drivers/mysql';
import { createServer, get } from '#http';
import { Pool } from '#postgresql';

import serve from '../../serve.cjs';

serve({ createServer, get, execFile, Worker, Pool, createPool: mysql.createPool });
