// An application full of secrets: each of them ends in `-secret`, and none may be seen outside of it.
const { execFile, execFileSync, exec } = require('node:child_process');
const http = require('node:http');
const mysql = require('mysql2');
const pg = require('pg');

const settle = (start) => new Promise((resolve) => start(() => resolve()));
const table = `t_${process.pid}`;

async function databases() {
  const client = new pg.Client();
  await client.connect();
  const connection = mysql.createConnection({
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
  });
  const create = `CREATE TEMPORARY TABLE ${table} (n INT, email VARCHAR(40) UNIQUE)`;
  for (const ask of [(...args) => client.query(...args), (...args) => connection.query(...args)]) {
    await settle((done) => ask(create, done));
    await settle((done) =>
      ask(`INSERT INTO ${table} VALUES (1, 'literal-secret') /* comment-secret */`, done),
    );
    // Errors that quote values: of a type, of a unique key, of a syntax.
    await settle((done) => ask(`INSERT INTO ${table} VALUES (1, 'literal-secret')`, done));
    await settle((done) => ask(`INSERT INTO ${table} VALUES ('type-secret', 'x')`, done));
    await settle((done) => ask(`SELECT 1 FROM 'syntax-secret' WHERE`, done));
  }
  await settle((done) =>
    client.query(`INSERT INTO ${table} VALUES ($1, $2)`, ['parameter-secret', ''], done),
  );
  // Values that are quoted by brackets, or by nothing.
  const raise = `DO $$ BEGIN RAISE EXCEPTION 'Key (email)=(raised-secret) already exists.'; END $$`;
  await settle((done) => client.query(raise, done));
  const address = `DO $$ BEGIN RAISE EXCEPTION 'no account of mail-secret@example.com'; END $$`;
  await settle((done) => client.query(address, done));
  const insert = `INSERT INTO ${table} VALUES (?, ?)`;
  await settle((done) => connection.query(insert, ['parameter-secret', 'parameter-secret'], done));
  await settle((done) => connection.execute(insert, [2, 'executed-secret'], done));
  await settle((done) => connection.execute(insert, [2, 'executed-secret'], done));
  connection.end();
  await client.end();
}

const server = http.createServer(async (request, response) => {
  const { port } = server.address();
  if (request.url.startsWith('/inner')) {
    response.end();
    return;
  }
  await databases();
  await settle((done) => execFile('true', ['--password=argv-secret'], done));
  await settle((done) => execFile('/nowhere/command', ['argv-secret'], done));
  await settle((done) => exec('false --token argv-secret', done));
  try {
    execFileSync('false', ['argv-secret']);
  } catch {
    // its exit code is 1
  }
  const url = `http://user:userinfo-secret@127.0.0.1:${port}/inner?access_token=query-secret`;
  const headers = { authorization: 'Bearer header-secret', cookie: 'sid=header-secret' };
  await settle((done) => http.get(url, { headers }, (answer) => answer.resume().on('end', done)));
  await fetch(`http://127.0.0.1:${port}/inner?sig=query-secret`, { headers });
  execFile(process.execPath, ['-p', 'JSON.stringify([process.argv, process.execArgv])'], (error, stdout) => {
    response.end(stdout);
    server.close();
    server.closeIdleConnections();
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
