// A GraphQL server: `GET /<id>` executes an operation of which two resolvers take their time.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

module.exports = function serve({ graphql: { graphql, buildSchema } }) {
  const schema = buildSchema('type Query { id: String, slow: Int, fast: Int }');
  const fields = schema.getQueryType().getFields();
  const soon = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  fields.slow.resolve = async ({ id }) => {
    await soon();
    await soon();
    return profiler.trace(`slow ${id}`, () => 1);
  };
  fields.fast.resolve = ({ id }) => profiler.trace(`fast ${id}`, () => 2);
  const server = createServer(async ({ url }, response) => {
    const id = url.slice(1);
    if (id === 'end') {
      response.end();
      server.close();
      return;
    }
    const { data } = await graphql({ schema, source: '{ id slow fast }', rootValue: { id } });
    response.end(profiler.trace(`answer ${id}`, () => data.id));
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
};
