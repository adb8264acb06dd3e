// Planted: looking up the name of a host takes long.
import { lookup } from 'node:dns';
import http from 'node:http';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const slowLookup = (name, options, done) => setTimeout(() => lookup(name, options, done), 300);

function ask(path) {
  return new Promise((resolve, reject) => {
    const { port } = new URL(stock);
    http
      .get({ host: 'localhost', port, path, lookup: slowLookup, family: 4, agent: false }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      })
      .on('error', reject);
  });
}

serve(async (request, response) => {
  const status = await ask('/items/1');
  response.end(JSON.stringify({ status }));
});
