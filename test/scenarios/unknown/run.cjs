// A task: calls the downstream service by the id that it is given, and gives it back.
const http = require('node:http');

module.exports = (id) =>
  new Promise((resolve, reject) =>
    http
      .get(
        { host: '127.0.0.1', port: process.env.DOWNSTREAM, path: `/${encodeURIComponent(id)}` },
        (response) => {
          response.resume();
          response.on('end', () => resolve(id));
        },
      )
      .on('error', reject),
  );
