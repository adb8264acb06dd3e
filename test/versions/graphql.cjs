// Executes operations in the styles that graphql 16 and 17 have; prints what came back. Each style is a point of its own,
// and so is what a resolver and a continuation do: it shows where that ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ graphql: library }) {
  const { graphql, graphqlSync, execute, subscribe, parse, buildSchema } = library;
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.message}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const schema = buildSchema(`
    type Query { now: String, later: String, fails: String, list: [Item!]!, again: String }
    type Item { id: Int, name: String }
    type Mutation { change: Int }
    type Subscription { ticks: Int }
  `);
  const { Query, Item, Subscription, Mutation } = schema.getTypeMap();
  const resolve = (type, field, value) => (type.getFields()[field].resolve = value);
  resolve(Query, 'now', () => here('resolved', 'now'));
  resolve(Query, 'later', async () => {
    await new Promise((done) => setTimeout(done, 1));
    return here('resolved', 'later');
  });
  resolve(Query, 'fails', () => {
    throw new RangeError('it fails');
  });
  resolve(Query, 'list', () => [{ id: 1 }, { id: 2 }]);
  resolve(Query, 'again', async () => {
    const { data } = await graphql({ schema, source: 'query Inner { now }' });
    return data.now;
  });
  resolve(Item, 'name', ({ id }) => here('named', `item ${id}`));
  resolve(Mutation, 'change', () => 1);
  Subscription.getFields().ticks.subscribe = async function* () {
    yield { ticks: 1 };
  };
  const source = 'query Named { now } query Other { later }';

  await style('at once', () => graphqlSync({ schema, source: 'query Named { now }' }));
  await style('later', () => graphql({ schema, source: '{ later }' }));
  await style('one of several', () => graphql({ schema, source, operationName: 'Other' }));
  await style('a continuation', async () =>
    here('continued', await graphql({ schema, source: '{ later }' })),
  );
  await style('none of several', () => graphql({ schema, source }));
  await style('a mutation', () => graphql({ schema, source: 'mutation Change { change }' }));
  await style('a failure', () => graphql({ schema, source: 'query Named { fails now }' }));
  await style('a list', () => graphql({ schema, source: '{ list { id name } }' }));
  await style('another one in it', () => graphql({ schema, source: 'query Outer { again }' }));
  await style('not valid', () => graphql({ schema, source: '{ nothing }' }));
  await style('not a document', () => graphql({ schema, source: '{' }));
  await style('executed', () => execute({ schema, document: parse('query Named { later }') }));
  await style('wrong arguments', () => execute({ schema }));
  await style('a subscription', async () => {
    const events = [];
    const document = parse('subscription Ticks { ticks }');
    for await (const event of await subscribe({ schema, document })) events.push(event);
    return events;
  });
  results.surface = [execute.name, execute.length, subscribe.name, graphql.name];
  process.stdout.write(JSON.stringify(results));
};
