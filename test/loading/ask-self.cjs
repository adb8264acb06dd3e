// For programs that nobody can ask from outside: starts the application, asks it with the headers of
// TEST_HEADERS and without, and ends it. Prints the two answers.
module.exports = async function askSelf() {
  const server = require('./serve.cjs')({
    ...require('node:http'),
    ...require('node:child_process'),
    ...require('node:worker_threads'),
    Pool: require('pg').Pool,
    createPool: require('mysql2').createPool,
    isQuiet: true,
  });
  const base = `http://127.0.0.1:${server.address().port}`;
  for (const headers of [JSON.parse(process.env.TEST_HEADERS), {}]) {
    const response = await fetch(base, { headers });
    console.log(`${response.status} ${await response.text()}`);
  }
  await (await fetch(`${base}/end`)).text();
};
