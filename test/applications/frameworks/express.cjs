const { Readable } = require('node:stream');

const express = require('express');

const { both, end, fail, lines, ready } = require('./drivers.cjs');

const app = express();
app.use(express.json());
app.post('/both', async (request, response) => response.json(await both(request.body.id)));
app.get('/error/:id', async (request) => fail(request.params.id));
app.get('/stream/:id', (request, response) => {
  Readable.from(lines(request.params.id)).pipe(response.type('text/plain'));
});
app.get('/end', (_request, response) => {
  response.end();
  void end(server);
});
// Four parameters are what makes it the handler of errors.
app.use((error, _request, response, _next) => response.status(500).json({ error: error.message }));
const server = app.listen(0, '127.0.0.1', () => ready(server));
