import { randomBytes } from 'node:crypto';

import mysql from 'mysql2/promise';

import { atEnd } from './lifetime.mjs';

/** Makes a database with the shop's reviews in this machine's MySQL or MariaDB; gives its URL, or '' without one. */
export async function useMysql() {
  const server = { host: '127.0.0.1', port: 3306, user: 'root', password: '' };
  const address = `${server.host}:${server.port}`;
  let connection;
  try {
    connection = await mysql.createConnection({ ...server, connectTimeout: 1000, multipleStatements: true });
  } catch (error) {
    console.log(`MySQL       none at ${address} (${error.code}), so mysql2 does not take part`);
    return '';
  }
  const name = `ostrace_demo_${randomBytes(4).toString('hex')}`;
  await atEnd(async () => {
    await connection.query(`drop database if exists ${name}`);
    await connection.end();
  });
  await connection.query(`
    create database ${name};
    use ${name};
    create table reviews (sku varchar(20), stars int);
    insert into reviews values ('TEAPOT', 5), ('TEAPOT', 4), ('CUP', 3), ('CUP', 5), ('KETTLE', 2);
  `);
  const url = `mysql://${server.user}@${address}/${name}`;
  console.log(`MySQL       ${url}`);
  return url;
}
