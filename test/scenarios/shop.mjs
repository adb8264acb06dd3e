import mysql from 'mysql2';
import * as mysqlPromise from 'mysql2/promise';
import pg from 'pg';

import shop from './shop.cjs';

await shop({ pg, mysql, mysqlPromise });
