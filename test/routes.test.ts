// The point of an incoming request names the route that the framework has found, in every supported version.
// needs: agent packages
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type SeenPoint, key, on, run, treeOf } from './scenario.js';
import { writeApp } from './versions/app.js';
import { installed } from './versions/installed.js';
import { routeRows } from './versions/matrix.js';
import { tracedAsBare } from './versions/styles.js';

/** The route of each request, by its path: none where the framework has none, or names it by no text. */
const shared: Readonly<Record<string, string | undefined>> = {
  '/health': '/health',
  '/orders/42': '/orders/:id',
  '/orders/0': '/orders/:id',
  '/orders/a%2Fb': '/orders/:id',
  '/shops/7/orders/8': '/shops/:shop/orders/:id',
  '/users/users/orders/8': '/users/:name/orders/:id',
  '/users/7/orders/7': '/users/:name/orders/:id',
  '/admin': '/admin',
  '/admin/users/5': undefined,
  '/anything': undefined,
  '/fail/1': '/fail/:id',
  '/nowhere': undefined,
};
const differs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fastify: { '/anything': '/any*' },
};

const newestFastify = `fastify@${routeRows.findLast((row) => 'fastify' in row.packages)!.packages['fastify']}`;

for (const { packages, because } of routeRows) {
  const [framework = '', router] = Object.keys(packages);
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`${names.join(', ')}, ${kind}: a request's point names its route (${because})`, async (t) => {
      const modules = installed(...names);
      const app = writeApp(t, modules, kind, 'routes.cjs', {
        framework,
        ...(router?.includes('koa') === true && { router }),
      });
      const root = await tracedAsBare(t, app, on, { env: { NODE_NO_WARNINGS: '1' }, args: [framework] });
      const expected = { ...shared, ...differs[framework] };
      // Before router 2.3, a layer tells its parameters and the path that matched, and these fit twice.
      if (framework === 'express' && packages['router'] !== '2.3.0') {
        expected['/users/users/orders/8'] = undefined;
      }
      assert.deepEqual(routesBelow([root]), expected);
    });
  }
}

test('a request over HTTP/2 names its route too', async (t) => {
  const app = writeApp(t, installed(newestFastify), 'cjs', 'routes-http2.cjs', { fastify: 'fastify' });
  const { events, stdout } = await run(t, app, { env: { ...on, OSTRACE_PROFILE: key } });
  assert.equal(stdout, '"42"\n');
  assert.deepEqual(routesBelow(treeOf(events)), { '/orders/42': '/orders/:id' });
});

test('routes are not looked for where that is switched off', async (t) => {
  const app = writeApp(t, installed(newestFastify), 'cjs', 'routes.cjs', { framework: 'fastify' });
  const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_INSTRUMENT_ROUTES: 'false', NODE_NO_WARNINGS: '1' };
  const { events } = await run(t, app, { env, args: ['fastify'] });
  assert.deepEqual([...new Set(Object.values(routesBelow(treeOf(events))))], [undefined]);
});

function routesBelow(points: readonly SeenPoint[]): Record<string, string | undefined> {
  const routes: Record<string, string | undefined> = {};
  for (const { name, start, stop, children } of points) {
    if (name === 'wsgi') {
      const { path } = start.info['request'] as { path: string };
      routes[path] = (stop!.info['request'] as { route?: string } | undefined)?.route;
    }
    Object.assign(routes, routesBelow(children));
  }
  return routes;
}
