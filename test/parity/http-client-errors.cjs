// Requests that fail, are aborted, take too long, or can't be made at all.
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { brief, turns, using, watch } = require('./tools/http.cjs');

exports.title = 'http clients: errors, aborts, timeouts';
exports.points = ['http', 'wsgi'];

const ask = (port, options) => http.request({ port, agent: false, ...options });
const closed = (emitter) => new Promise((resolve) => emitter.once('close', resolve));

exports.cases = {
  'aborted: before, while, and after': async (seen) => {
    const server = http.createServer((_request, response) => response.write('begun'));
    await using(server, async (port) => {
      const ways = {
        destroy: (request) => request.destroy() === request,
        'destroy with an error': (request) => request.destroy(new TypeError('mine')) === request,
        abort: (request) => request.abort(),
        signal: (_request, controller) => controller.abort(),
        reason: (_request, controller) => controller.abort(new RangeError('the reason')),
        socket: (request) => request.socket?.destroy() === request.socket,
      };
      for (const [name, way] of Object.entries(ways)) {
        for (const when of ['at once', 'in a turn', 'with a response']) {
          const controller = new AbortController();
          const request = ask(port, { signal: controller.signal }).end();
          const lines = [watch(request, ['abort', 'error', 'close', 'timeout'])];
          request.on('response', (response) =>
            lines.push(watch(response, ['aborted', 'error', 'end', 'close'])),
          );
          if (when === 'in a turn') await new Promise(setImmediate);
          if (when === 'with a response') await once(request, 'response');
          seen(`${name}, ${when}`, way(request, controller));
          if (!request.destroyed) request.destroy();
          if (!request.closed) await closed(request);
          await turns();
          const error = request.errored && brief(request.errored);
          seen('after', [lines, request.destroyed, request.aborted, error, request.res?.destroyed]);
        }
      }
    });
  },

  timeouts: async (seen) => {
    const server = http.createServer(() => {});
    await using(server, async (port) => {
      const lines = [];
      const request = ask(port, { timeout: 10 });
      request.on('timeout', function (...args) {
        lines.push(`option ${args.length} ${this === request} ${this.timeout}`);
        this.destroy();
      });
      const [error] = await once(request.end(), 'error');
      seen('option', [lines, brief(error)]);
      const second = ask(port).on('error', () => {});
      const made = second.setTimeout(10, () => second.destroy(new Error('too late')));
      seen('set', made === second);
      await closed(second.end());
      seen('errored', brief(second.errored));
      const signal = AbortSignal.timeout(10);
      const [timedOut] = await once(ask(port, { signal }).end(), 'error');
      seen('signal', [brief(timedOut), timedOut.cause?.name]);
    });
  },

  'errors that are thrown, and that are emitted': async (seen) => {
    const wrong = {
      text: () => http.request('not a url'),
      protocol: () => http.request('https://127.0.0.1/'),
      'own protocol': () => http.get({ protocol: 'ftp:', host: 'a' }),
      path: () => http.request({ path: '/a b' }),
      method: () => http.request({ method: 'G T' }),
      'method type': () => http.request({ method: 7 }),
      host: () => http.request({ host: 7 }),
      header: () => http.request({ headers: { 'a b': '1' } }),
      value: () => http.get({ headers: { a: 'b\n' } }),
      list: () => http.request({ headers: ['a', '1', 'b'] }),
      timeout: () => http.request({ timeout: 'x' }),
      agent: () => http.request({ agent: {} }),
      port: () => http.request({ port: 99_999 }),
      insecure: () => http.request({ insecureHTTPParser: 1 }),
      signal: () => http.request({ signal: {} }),
      nothing: () =>
        http
          .get(undefined, undefined, undefined)
          .on('error', () => {})
          .destroy().destroyed,
      getter: () =>
        http.request({
          get path() {
            throw new Error('of the getter');
          },
        }),
      'new, wrong': () => new http.ClientRequest('http://'),
      'set twice': () =>
        ask(1)
          .on('error', () => {})
          .end()
          .setHeader('a', '1'),
    };
    for (const [name, way] of Object.entries(wrong)) {
      try {
        const value = way();
        if (value instanceof http.ClientRequest) value.on('error', () => {}).destroy();
        seen(name, typeof value);
      } catch (error) {
        seen(name, error);
      }
    }
    const gone = net.createServer();
    const port = await using(gone, (free) => free);
    const [refused] = await once(ask(port).end(), 'error');
    delete refused.port;
    seen('refused', refused);
    seen('no path', (await once(http.get({ socketPath: '/nowhere/at/all' }), 'error'))[0]);
    const lookup = (_host, _options, done) =>
      done(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
    seen('lookup', (await once(http.get({ host: 'a.invalid', lookup, agent: false }), 'error'))[0]);
  },
};

exports.ends = {
  'an error of a request that nobody handles': async () => {
    http.get({ socketPath: '/nowhere/at/all' });
  },

  'a listener that throws': async (seen) => {
    process.on('uncaughtException', (error, origin) => {
      seen('error', [error, origin]);
      process.exit(4);
    });
    const server = http
      .createServer((_request, response) => response.end('x'))
      .listen(0, '127.0.0.1', () => {
        const request = ask(server.address().port, {}).end();
        request.on('response', () => {
          throw new Error('of response');
        });
      });
  },
};
