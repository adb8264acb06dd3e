// An operation of graphql 16 with two fields, parsed before.
import { type Kind, load, sync } from '../kind.js';

/** The parts of the package that are used. It is not among the project's own. */
interface Graphql {
  buildSchema(source: string): object;
  parse(source: string): object;
  execute(args: { schema: object; document: object; rootValue: object }): object;
}

export const graphql: Kind = {
  name: 'graphql: an operation',
  count: 100,
  points: 1,
  async open() {
    const { buildSchema, parse, execute } = load<Graphql>('graphql');
    const schema = buildSchema('type Query { sku: String, price: Int }');
    const document = parse('query Price { sku price }');
    const rootValue = { sku: 'a', price: 12 };
    return sync(() => execute({ schema, document, rootValue }))();
  },
};
