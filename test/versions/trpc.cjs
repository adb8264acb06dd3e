// Calls procedures in the styles that tRPC 10 and 11 have; prints what came back. Each style is a point of its own, and so
// is what a procedure and a continuation do: it shows where that ran.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

module.exports = async function calls({ trpc, standalone, web, express, forExpress, observables }) {
  const { initTRPC, TRPCError, experimental_lazy, lazy = experimental_lazy } = trpc;
  const { observable } = observables;
  const isEleven = lazy !== undefined;
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.code} ${error.message}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const soon = () => new Promise((resolve) => setTimeout(resolve, 1));

  const t = initTRPC.create({ isDev: false });
  const { procedure } = t;
  const number = (input) => {
    if (typeof input !== 'number') throw new TypeError(`${JSON.stringify(input)} is no number`);
    return input;
  };
  const noted = procedure.use(({ next, path, type }) =>
    next({ ctx: here('before', { noted: `${type} ${path}` }) }),
  );
  const closing = [];
  const user = t.router({
    byId: procedure.input(number).query(async ({ input }) => {
      await soon();
      return here('served', { id: input });
    }),
    rename: procedure.mutation(() => here('served', 'renamed')),
  });
  const failing = t.router({
    known: procedure.query(() => {
      throw new TRPCError({ code: 'NOT_FOUND', message: 'there is none' });
    }),
    unknown: procedure.query(async () => {
      await soon();
      throw new RangeError('it is too far');
    }),
    closed: procedure.query(() => {
      throw new TRPCError({ code: 'CLIENT_CLOSED_REQUEST' });
    }),
    aborted: procedure.query(() => AbortSignal.abort().throwIfAborted()),
  });
  const others = {
    noted: noted.query(({ ctx }) => here('served', ctx.noted)),
    outer: procedure.query(async () => {
      const id = await main.createCaller({}).user.byId(7);
      return here('after', id);
    }),
    observed: procedure.subscription(() =>
      observable((observer) => {
        here('subscribed');
        void soon().then(() => {
          here('emitted');
          observer.next(1);
          observer.complete();
        });
      }),
    ),
    broken: procedure.subscription(() => observable((observer) => observer.error(new RangeError('broken')))),
    endless: procedure.subscription(() => observable(() => () => here('closed'))),
  };
  async function* count(to) {
    for (let i = 0; i < to; i++) {
      await soon();
      yield here('given', i);
    }
  }
  const streams = isEleven && {
    streams: t.router({
      counted: procedure.query(() => count(2)),
      ticks: procedure.subscription(() => count(2)),
      iterable: procedure.subscription(() => ({ [Symbol.asyncIterator]: () => count(1) })),
      broken: procedure.subscription(async function* () {
        yield 1;
        throw new TRPCError({ code: 'CONFLICT' });
      }),
      endless: procedure.subscription(async function* ({ signal }) {
        try {
          yield 1;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        } finally {
          closing.shift()?.(here('closed'));
        }
      }),
    }),
    later: lazy(async () => t.router({ loaded: user, more: lazy(async () => user) })),
  };
  const main = t.router({ user, failing, ...others, ...streams });

  const made = standalone.createHTTPServer({ router: main });
  const plain = made.server ?? made;
  await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const app = express();
  app.use('/api', forExpress.createExpressMiddleware({ router: main }));
  const routed = createServer(app);
  await new Promise((resolve) => routed.listen(0, '127.0.0.1', resolve));

  const at = (path, server = plain) => `http://127.0.0.1:${server.address().port}${path}`;
  const ask = async (url, options) => {
    const response = await fetch(url, options);
    return [response.status, await response.text()];
  };
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };

  await style('a query', () => ask(at('/user.byId?input=1')));
  await style('a mutation', () => ask(at('/user.rename'), post));
  await style('a batch', () => ask(at(`/user.byId,noted?batch=1&input=${encodeURIComponent('{"0":2}')}`)));
  await style('a middleware', () => ask(at('/noted')));
  await style('a continuation', async () => here('continued', await ask(at('/user.byId?input=1'))));
  await style('a failure', () => ask(at('/failing.known')));
  await style('an unknown failure', () => ask(at('/failing.unknown')));
  await style('wrong input', () => ask(at('/user.byId?input=%22one%22')));
  await style('no such procedure', () => ask(at('/user.nothing')));
  await style('given up', () => ask(at('/failing.closed')));
  await style('aborted', () => ask(at('/failing.aborted')));
  await style('one calls another', () => ask(at('/outer')));
  await style('by Express', () => ask(at('/api/user.byId?input=1', routed)));
  const answer = (path, options) => {
    const req = new Request(`http://localhost/api${path}`, options);
    return web.fetchRequestHandler({ req, router: main, endpoint: '/api' });
  };
  await style('by fetch', async () => (await answer('/user.byId?input=1')).json());
  await style('by a caller', () => main.createCaller({}).user.byId(3));
  await style('merged', () => t.mergeRouters(user, failing).createCaller({}).byId(4));
  await style('a failure of a caller', () => main.createCaller({}).failing.known());
  const observed = async (name) => {
    const events = [];
    const given = await main.createCaller({})[name]();
    await new Promise((done) => {
      const { unsubscribe } = given.subscribe({
        next: (value) => events.push(value),
        error: ({ message }) => done(events.push(message)),
        complete: () => done(events.push('complete')),
      });
      if (name === 'endless') {
        unsubscribe();
        done();
      }
    });
    return events;
  };
  await style('an observable', () => observed('observed'));
  await style('an observable that fails', () => observed('broken'));
  await style('an observable that is left', () => observed('endless'));
  // tRPC 10 answers subscriptions by WebSockets only. What 11.0 streams to a response of Node ends the process.
  const stream = (name, body) => style(name, () => isEleven && body());
  const lines = { headers: { 'trpc-accept': 'application/jsonl' } };
  await stream('a stream', async () => (await answer('/streams.counted?batch=1&input=%7B%7D', lines)).text());
  await stream('a subscription', async () => (await answer('/streams.ticks')).text());
  await stream('an iterable', async () => (await answer('/streams.iterable')).text());
  await stream('a subscription that fails', async () => (await answer('/streams.broken')).text());
  await stream('a subscription that is left', async () => {
    const isClosed = new Promise((resolve) => closing.push(resolve));
    const abort = new AbortController();
    const { body } = await answer('/streams.endless', { signal: abort.signal });
    const reader = body.getReader();
    let text = '';
    while (!text.includes('data: 1')) text += Buffer.from((await reader.read()).value).toString();
    abort.abort();
    await reader.cancel().catch(() => {});
    await isClosed;
    return text;
  });
  await stream('loaded when needed', () => ask(at('/later.loaded.byId?input=1')));
  await stream('loaded then', () => ask(at('/later.more.byId?input=1')));
  results.surface = [
    t.router.name,
    t.router.length,
    Object.keys(t),
    Object.keys(main._def.procedures),
    main._def.procedures['user.byId'].name,
    main._def.procedures['user.byId'].length,
    Object.keys(main._def.procedures['user.byId']),
    Object.keys(initTRPC),
    initTRPC.create.name,
  ];
  process.stdout.write(JSON.stringify(results));
  for (const server of [plain, routed]) {
    server.closeAllConnections();
    server.close();
  }
};
