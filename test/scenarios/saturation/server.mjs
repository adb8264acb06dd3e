import mysql from 'mysql2';
import * as mysqlPromise from 'mysql2/promise';
import pg from 'pg';

import start from './server.cjs';

await start({ pg, mysql, mysqlPromise });
