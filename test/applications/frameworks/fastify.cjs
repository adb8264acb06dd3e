const { Readable } = require('node:stream');

const { fastify } = require('fastify');

const { both, end, fail, lines, ready } = require('./drivers.cjs');

const app = fastify();
app.post('/both', (request) => both(request.body.id));
app.get('/error/:id', (request) => fail(request.params.id));
app.get('/stream/:id', (request, reply) => {
  reply.type('text/plain').send(Readable.from(lines(request.params.id)));
});
app.get('/end', (_request, reply) => {
  reply.send('');
  void end(app.server);
});
app.setErrorHandler((error, _request, reply) => reply.code(500).send({ error: error.message }));
void app.listen({ port: 0, host: '127.0.0.1' }).then(() => ready(app.server));
