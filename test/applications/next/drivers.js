import { createPool } from 'mysql2/promise';
import pg from 'pg';

// Made at the first request: the build loads this file too.
let pool;
let mysqlPool;

export async function rows(id) {
  pool ??= new pg.Pool({ max: 3 });
  mysqlPool ??= createPool({
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
    connectionLimit: 3,
  });
  const { rows: ofPg } = await pool.query('SELECT $1::text AS id', [id]);
  const [[ofMysql]] = await mysqlPool.query('SELECT ? AS id', [id]);
  return [ofPg[0].id, ofMysql.id];
}
