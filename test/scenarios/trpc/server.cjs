// A server of tRPC: `GET /<id>` is a batch of two procedures that take their time, `GET /-/<path>` one procedure.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

module.exports = function serve({ trpc: { initTRPC, TRPCError }, standalone: { createHTTPHandler } }) {
  const t = initTRPC.create({ isDev: false });
  const soon = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  const router = t.router({
    shop: t.router({
      slow: t.procedure.input(String).query(async ({ input }) => {
        await soon();
        await soon();
        return profiler.trace(`slow ${input}`, () => input);
      }),
    }),
    fast: t.procedure.input(String).query(({ input }) => profiler.trace(`fast ${input}`, () => input)),
    broken: t.procedure.query(() => {
      throw new TRPCError({ code: 'CONFLICT', message: 'it is sold' });
    }),
    ticks: t.procedure.subscription(async function* ({ signal }) {
      yield 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      profiler.trace('left', () => {});
      setImmediate(() => console.log('left'));
    }),
  });
  const handle = createHTTPHandler({ router });
  const server = createServer((request, response) => {
    const id = request.url.slice(1);
    if (id === 'end') {
      response.end();
      server.close();
      return;
    }
    const batch = `/shop.slow,fast?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: id, 1: id }))}`;
    request.url = id.startsWith('-') ? id.slice(1) : batch;
    handle(request, response);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
};
