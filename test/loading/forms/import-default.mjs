// ES module, default imports, bare names
import childProcess from 'child_process';
import http from 'http';
import mysql from 'mysql2';
import pg from 'pg';
import threads from 'worker_threads';

import serve from '../serve.cjs';

serve({ ...http, ...childProcess, ...threads, Pool: pg.Pool, createPool: mysql.createPool });
