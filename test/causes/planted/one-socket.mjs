// Planted: an agent with one socket, and requests that could be made at once.
import http from 'node:http';

import express from 'express';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const app = express();

function ask(path) {
  return new Promise((resolve, reject) => {
    http
      .get(stock + path, { agent }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
      .on('error', reject);
  });
}

app.get('/basket', async (request, response) => {
  const paths = ['/levels', '/prices', '/shipping', '/taxes'];
  response.json(await Promise.all(paths.map((path) => ask(`${path}?ms=100`))));
});

serve(app);
