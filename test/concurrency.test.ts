// Hundreds of requests at once over a few connections: each point is in the tree of its own request.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { type SeenPoint, key, on, run, scenario, signedHeaders, treeOf } from './scenario.js';

/** How many requests are signed; as many are not. */
const requests = 150;
const worksPerRequest = 6;
/** So many of each kind are signed or not signed whose work is a thread or a process. */
const dearRequests = 2;

/** What a piece of work looks like in a trace. */
interface Expected {
  /** Its points: `db(sql),db(sql)`, those of one parent in the order of the alphabet. */
  readonly shape: string;
  readonly isDear?: true;
}

const profiledSql = {
  ...on,
  OSTRACE_TRACE_SQL: 'true',
  OSTRACE_TRACE_SQL_PARAMS: 'true',
  // Statements without parameters say in a comment whose they are.
  OSTRACE_MASK_SQL: 'false',
  OSTRACE_TRACE_COMMAND_ARGS: 'true',
} as const;

for (const file of ['server.cjs', 'server.mjs']) {
  test(`${file}: of ${requests} signed and ${requests} unsigned requests at once over a few connections, each signed one has a tree of its own and the others have none`, async (t) => {
    const ids = new Map<string, string>();
    let works: Readonly<Record<string, Expected>> = {};
    const asked = new Map<string, readonly string[]>();
    const { events, code, stderr } = await run(t, scenario(`saturation/${file}`), {
      env: profiledSql,
      // pg warns of queries that wait for another one on a client.
      nodeArgs: ['--no-deprecation'],
      onReady: async (line) => {
        const ready = JSON.parse(line) as { port: number; works: typeof works };
        ({ works } = ready);
        const lists = choose(works);
        // Fewer connections than requests: signed and unsigned ones follow each other on each.
        const agent = new Agent({ keepAlive: true, maxSockets: 60 });
        const ask = async (id: string, headers: Record<string, string>, names: readonly string[]) => {
          asked.set(id, names);
          const answer = await post(ready.port, agent, id, headers, JSON.stringify(names));
          assert.equal(answer, id);
        };
        await Promise.all(
          lists.flatMap((names, i) => {
            const { base_id, headers } = signedHeaders();
            ids.set(base_id, `signed${i}`);
            return [ask(`signed${i}`, headers, names), ask(`plain${i}`, {}, names)];
          }),
        );
        const problems = JSON.parse(await post(ready.port, agent, 'end', {}, '')) as readonly string[];
        agent.destroy();
        assert.deepEqual(problems.slice(0, 10), [], `the first of ${problems.length} problems`);
      },
    });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const byTrace = groupByTrace(events);
    assert.deepEqual([...byTrace.keys()].toSorted(compare), [...ids.keys()].toSorted(compare), 'traces');
    const done = new Set<string>();
    for (const [base_id, id] of ids) {
      const [root, ...more] = treeOf(byTrace.get(base_id)!);
      assert.equal(more.length, 0, `${id}: roots beside the request`);
      assert.equal(root!.name, 'wsgi');
      const names = root!.children.map((point) => point.name);
      assert.deepEqual(names.toSorted(compare), asked.get(id)!.toSorted(compare), `the works of ${id}`);
      for (const point of root!.children) {
        const { shape } = works[point.name]!;
        const [messages, others] = partition(point.children, isMessage);
        assert.equal(shapeOf(others), shape, `${id}: ${point.name}`);
        // The work of a message is followed only while its receiver has nothing else to do.
        for (const message of messages)
          assert.match(shapeOf([message]), /^rpc(?:\(rpc(?:\(in [a-z ]+\))?\))?$/);
        done.add(point.name);
      }
      for (const point of within(root!)) checkTag(point, id);
    }
    assert.deepEqual(
      Object.keys(works).filter((name) => !done.has(name)),
      [],
      'works that nobody did',
    );
    assert.ok(!JSON.stringify(events).includes(key), 'the key is in an event');
  });
}

test('callbacks on a connection that another request opened run where their own request is', async (t) => {
  const { events, stderr } = await run(t, scenario('crossing.cjs'), {
    env: on,
    onReady: async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const opening = await fetch(`${base}/open`, { headers: signedHeaders().headers });
      const body = opening.body!.getReader();
      await body.read();
      for (const headers of [signedHeaders().headers, {}]) {
        const { traced, where } = (await (await fetch(`${base}/use`, { headers })).json()) as {
          traced: boolean;
          where: Record<string, boolean>;
        };
        assert.equal(traced, 'X-Trace-Info' in headers);
        assert.deepEqual(
          where,
          Object.fromEntries(
            [
              'cursor.read',
              'cursor.close',
              'new Query',
              'client.end',
              'pool.end',
              'ping',
              'prepare',
              'execute',
              'execute, events',
            ].map((what) => [what, true]),
          ),
        );
      }
      while (!(await body.read()).done);
      await fetch(`${base}/end`);
    },
  });
  assert.equal(stderr, '');
  assert.equal(new Set(events.map((event) => event.base_id)).size, 2);
});

test('who waits for a connection since before anything was traced is not called in the trace that gives one back', async (t) => {
  const { events, stderr } = await run(t, scenario('overtaking.cjs'), {
    env: on,
    onReady: async (port) => {
      const ask = (path: string, headers = {}): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/${path}`, { headers });
      await ask('hold');
      await ask('wait');
      const answer = await ask('overtake', signedHeaders().headers);
      const outside = ['mysql2 connection', 'mysql2 query', 'pg connect', 'pg query'];
      assert.deepEqual(await answer.json(), Object.fromEntries(outside.map((what) => [what, 'outside'])));
      await ask('end');
    },
  });
  assert.equal(stderr, '');
  assert.equal(shapeOf(treeOf(events)), 'wsgi(db,db,db,db)');
});

/** The works of each pair of requests: all of them in turn, each beside others every time. */
function choose(works: Readonly<Record<string, Expected>>): readonly string[][] {
  const dear = Object.keys(works).filter((name) => works[name]!.isDear === true);
  const others = Object.keys(works).filter((name) => works[name]!.isDear !== true);
  return Array.from({ length: requests }, (_, i) => [
    ...new Set(
      Array.from({ length: worksPerRequest }, (__, k) => others[(i * (k + 1) + k) % others.length]!),
    ),
    ...dear.filter((___, k) => i % 10 === k && i < 10 * dearRequests),
  ]);
}

/** Sends a body in two parts, so that the server gets it in more than one event. */
function post(
  port: number,
  agent: Agent,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: `/${path}`, method: 'POST', agent, headers };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.write(body.slice(0, 5));
    setImmediate(() => request.end(body.slice(5)));
  });
}

function groupByTrace(events: readonly Event[]): ReadonlyMap<string, readonly Event[]> {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    const group = groups.get(event.base_id);
    if (group === undefined) groups.set(event.base_id, [event]);
    else group.push(event);
  }
  return groups;
}

const compare = (a: string, b: string): number => a.localeCompare(b);

const isMessage = ({ start: { info } }: SeenPoint): boolean =>
  (Object(info['rpc']) as { readonly system?: unknown }).system === 'thread';

function partition<Item>(
  items: readonly Item[],
  isFirst: (item: Item) => boolean,
): readonly [first: readonly Item[], second: readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** The names of a tree, in the order of the alphabet: what ran side by side may have started in any. */
function shapeOf(points: readonly SeenPoint[]): string {
  return points
    .map(({ name, stop, children }) => {
      const inner = children.length > 0 ? `(${shapeOf(children)})` : '';
      return `${name}${stop === undefined ? '!' : ''}${inner}`;
    })
    .toSorted(compare)
    .join();
}

function within(point: SeenPoint): SeenPoint[] {
  return [point, ...point.children.flatMap(within)];
}

/** What a point says of the request that it was made for is that request. */
function checkTag({ name, start: { info } }: SeenPoint, id: string): void {
  const {
    db,
    command,
    request,
    requests: sent,
  } = info as Record<string, Record<string, unknown> | undefined>;
  // A message says only which thread it is for.
  if (name === 'rpc') return;
  if (name === 'sql') {
    const { params, statement } = db as { params?: unknown; statement?: string };
    const tagged = String(statement).includes(`/* ${id} */`);
    assert.ok(tagged || String(params) === id, `${id}: a statement of ${String(params)}: ${statement}`);
  } else if (name === 'wsgi') {
    assert.equal(request!['path'], `/${id}`);
  } else if (name === 'http') {
    assert.equal(sent!['path'], `/${id}`);
  } else if (name === 'command') {
    assert.ok((command!['args'] as string[]).includes(id), `${id}: ${JSON.stringify(command)}`);
  } else if (!['db', 'thread', 'thread_main', 'process'].includes(name)) {
    assert.equal(info['id'], id, name);
  }
}
