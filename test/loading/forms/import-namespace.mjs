// ES module, namespaces
import * as childProcess from 'node:child_process';
import * as http from 'node:http';
import * as threads from 'node:worker_threads';

import * as mysql from 'mysql2';
import * as pg from 'pg';

import * as serve from '../serve.cjs';

serve.default({ ...http, ...childProcess, ...threads, Pool: pg.Pool, createPool: mysql.createPool });
