// A service over HTTP/2, which asks itself.
const { connect } = require('node:http2');

module.exports = async ({ fastify }) => {
  const app = fastify({ http2: true });
  app.get('/orders/:id', (request) => Promise.resolve(request.params.id));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const session = connect(`http://127.0.0.1:${app.server.address().port}`);
  const stream = session.request({ ':path': '/orders/42' });
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  session.close();
  await app.close();
  console.log(JSON.stringify(text));
};
