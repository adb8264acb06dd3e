// GraphQL by graphql 16 and 17: each operation is one point, where it is executed, in every supported version.
// needs: agent packages
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { crowd } from './crowd.js';
import { writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { graphql17Styles, graphqlStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { graphqlRows } from './versions/matrix.js';
import { tracedAsBare } from './versions/styles.js';

const [major = 0] = process.versions.node.split('.').map(Number);

for (const { packages, because } of graphqlRows) {
  const version = packages['graphql']!;
  const publishes = version.startsWith('17.');
  const skip = publishes && major < 22 && 'graphql 17 needs Node 22';
  for (const kind of ['cjs', 'mjs'] as const) {
    test(
      `graphql ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`,
      { skip },
      async (t) => {
        const app = writeApp(t, installed(`graphql@${version}`), kind, 'graphql.cjs', {
          graphql: 'all graphql',
        });
        const root = await tracedAsBare(t, app);
        assert.deepEqual(
          Object.fromEntries(root.children.map(({ name, children }) => [name, describedCalls(children)])),
          { ...graphqlStyles, ...(publishes && graphql17Styles) },
        );
      },
    );
  }
}

const shapes: Readonly<Record<string, (id: string) => string>> = {
  '16.15.0': (id) => `wsgi(rpc(fast ${id} slow ${id}) answer ${id})`,
  '17.1.0': (id) => `wsgi(rpc(rpc(slow ${id}) rpc(fast ${id})) answer ${id})`,
};

for (const [version, expected] of Object.entries(shapes)) {
  const skip = version.startsWith('17.') && major < 22 && 'graphql 17 needs Node 22';
  test(
    `graphql ${version}: of hundreds of operations, each is in its own trace or in none`,
    { skip },
    async (t) => {
      const file = writeApp(t, installed(`graphql@${version}`), 'mjs', '../scenarios/graphql/server.cjs', {
        graphql: 'all graphql',
      });
      const seen = await crowd(t, { file, answer: (id) => id });
      assert.deepEqual(seen.foreign, []);
      assert.equal(seen.shapes.size, 201);
      for (const [id, shape] of seen.shapes) assert.equal(shape, expected(id));
    },
  );
}
