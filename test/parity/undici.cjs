// The package undici: its ways to ask, their bodies, errors, aborts and contexts.
const http = require('node:http');
const { EventEmitter, getEventListeners } = require('node:events');
const { PassThrough, Readable, Writable } = require('node:stream');
const { pipeline: piped } = require('node:stream/promises');
const undici = require('undici');
const { failed, served } = require('./tools/undici.cjs');
const { brief, listeners, names, read, storage, turns, using } = require('./tools/http.cjs');

exports.title = 'undici: request, stream, pipeline, connect, upgrade, fetch';
exports.points = ['http', 'wsgi'];

const collecting = () => {
  const pieces = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => done(null, pieces.push(String(chunk))) });
  return { pieces, stream };
};

exports.cases = {
  'request: what it gives': async (seen) => {
    await served(async (base, dispatcher) => {
      const opaque = { own: true };
      const options = Object.freeze({
        dispatcher,
        opaque,
        method: 'POST',
        body: 'body',
        query: Object.freeze({ a: 1 }),
      });
      const promise = storage.run('asked', () => undici.request(`${base}/x`, options));
      seen('promise', [promise.constructor === Promise, names(promise)]);
      const got = await promise;
      const { statusCode, headers, trailers, body, context } = got;
      delete headers.date;
      seen('got', [Object.keys(got), statusCode, headers, trailers, got.opaque === opaque, context]);
      seen('body', [body.constructor.name, names(body), listeners(body), body.bodyUsed]);
      seen('json', await body.json());
      seen('trailers', trailers);
      seen('after', [
        body.bodyUsed,
        await Promise.resolve()
          .then(() => body.text())
          .catch(brief),
      ]);
      for (const how of ['text', 'arrayBuffer', 'blob', 'bytes']) {
        const answered = await undici.request(base, { dispatcher });
        const value = await answered.body[how]();
        seen(how, [value.constructor.name, (value.size ?? value.byteLength ?? value.length) > 20]);
      }
      const dumped = await undici.request(base, { dispatcher });
      seen('dump', [await dumped.body.dump(), dumped.body.destroyed]);
      const iterated = await undici.request(new URL(base), { dispatcher });
      seen('iterated', (await read(iterated.body)).length > 20);
    });
  },

  'callbacks, and whose storage they see': async (seen) => {
    await served(async (base, dispatcher) => {
      const client = new undici.Client(base);
      const lines = await Promise.all(
        ['a', 'b', 'c'].map((name) =>
          storage.run(
            name,
            () =>
              new Promise((resolve) => {
                const returned = client.request(
                  { path: `/${name}`, method: 'GET' },
                  function (error, { body }) {
                    const at = storage.getStore();
                    body
                      .on('end', () =>
                        resolve([name, returned, at, storage.getStore(), error, arguments.length]),
                      )
                      .resume();
                  },
                );
              }),
          ),
        ),
      );
      seen('lines', lines);
      const parallel = ['d', 'e', 'f'].map((name) =>
        storage.run(name, async () => {
          const { body } = await undici.request(`${base}/${name}`, { dispatcher });
          return [(await body.json())[1], storage.getStore()];
        }),
      );
      seen('parallel', await Promise.all(parallel));
      await client.close();
    });
  },

  'bodies and headers of all kinds': async (seen) => {
    await served(async (base, dispatcher) => {
      const form = new undici.FormData();
      form.set('a', '1');
      const bodies = {
        text: 'text',
        buffer: Buffer.from('buffer'),
        view: new Uint8Array([97, 98]),
        stream: Readable.from(['a', 'b']),
        iterable: (async function* () {
          yield 'one ';
          yield 'two';
        })(),
        list: ['x', 'y'],
        blob: new Blob(['blob']),
        form,
        nothing: null,
      };
      for (const [name, body] of Object.entries(bodies)) {
        const answered = await undici.request(base, { dispatcher, method: 'POST', body });
        seen(name, JSON.parse((await answered.body.text()).replace(/formdata-[\w-]+/g, 'BOUNDARY')));
      }
      const headers = {
        object: Object.freeze({ 'X-A': '1', b: ['2', '3'] }),
        list: Object.freeze(['X-A', '1', 'x-a', '2']),
        map: new Map([['x-a', '1']]),
        Headers: new Headers({ 'x-a': '1' }),
        'no prototype': Object.assign(Object.create(null), { 'x-a': '1' }),
        none: undefined,
      };
      for (const [name, given] of Object.entries(headers)) {
        seen(name, await (await undici.request(base, { dispatcher, headers: given })).body.json());
      }
    });
  },

  'stream, pipeline, connect, upgrade': async (seen) => {
    await served(async (base, dispatcher) => {
      const { pieces, stream } = collecting();
      const factory = function (head) {
        seen('factory', [Object.keys(head), head.statusCode, storage.getStore()]);
        return stream;
      };
      const streamed = await storage.run('streaming', () =>
        undici.stream(base, { dispatcher, method: 'GET' }, factory),
      );
      seen('stream', [
        Object.keys(streamed),
        streamed.trailers,
        JSON.parse(pieces.join(''))[0],
        listeners(stream),
      ]);
      const duplex = undici.pipeline(base, { dispatcher, method: 'PUT' }, ({ statusCode, body }) => {
        seen('handler', [statusCode, storage.getStore()]);
        return body.pipe(new PassThrough());
      });
      const into = collecting();
      await piped(Readable.from(['sent']), duplex, into.stream);
      seen('pipeline', [JSON.parse(into.pieces.join('')).at(-1), duplex.constructor.name, names(duplex)]);
      const upgraded = await undici.upgrade(base, { dispatcher, protocol: 'own' });
      seen('upgrade', [Object.keys(upgraded), upgraded.headers.upgrade, await read(upgraded.socket)]);
      seen('connect', await undici.connect(base, { dispatcher }).catch((error) => brief(error)));
      seen('fetch', await (await undici.fetch(base, { dispatcher })).json());
      seen('class', (await undici.fetch(base, { dispatcher })).constructor === undici.Response);
    });
  },

  'a handler of its own, with all that it is told': async (seen) => {
    await served(async (base, _dispatcher) => {
      const client = new undici.Client(base);
      const calls = [];
      const finished = new Promise((resolve) => {
        const handler = {
          onRequestStart: (controller, context) =>
            calls.push(['start', controller.aborted, context, storage.getStore()]),
          onResponseStart(controller, status, headers, message) {
            calls.push(['response', status, headers['x-list'], message, controller.paused, this === handler]);
          },
          onResponseData: (_controller, chunk) => calls.push(['data', chunk.constructor.name]),
          onResponseEnd: (_controller, trailers) =>
            resolve(calls.push(['end', trailers, storage.getStore()])),
          onResponseError: (_controller, error) => resolve(calls.push(['error', error])),
        };
        const isFree = storage.run('dispatched', () =>
          client.dispatch({ path: '/d', method: 'GET' }, handler),
        );
        seen('returned', [isFree, Object.keys(handler)]);
      });
      await finished;
      seen('calls', calls);
      await client.close();
    });
  },

  errors: async (seen) => {
    const gone = await using(http.createServer(), (free) => free);
    await served(async (base, dispatcher) => {
      const calls = {
        url: () => undici.request('no url'),
        protocol: () => undici.request('ftp://a/'),
        nothing: () => undici.request(),
        path: () => undici.request({ origin: base, path: 7 }),
        method: () => undici.request(base, { dispatcher, method: 'G T' }),
        header: () => undici.request(base, { dispatcher, headers: { 'a b': '1' } }),
        host: () => undici.request(base, { dispatcher, headers: { 'transfer-encoding': 'x' } }),
        body: () => undici.request(base, { dispatcher, body: 7 }),
        signal: () => undici.request(base, { dispatcher, signal: 7 }),
        query: () => undici.request(`${base}/?a=1`, { dispatcher, query: { b: 1 } }),
        refused: () => undici.request(`http://127.0.0.1:${gone}`, { dispatcher }),
        reset: () => undici.request(`${base}/reset`, { dispatcher }),
        cut: async () => (await undici.request(`${base}/cut`, { dispatcher })).body.text(),
        length: () =>
          undici.request(base, { dispatcher, method: 'PUT', headers: { 'content-length': '9' }, body: 'x' }),
        factory: () =>
          undici.stream(base, { dispatcher }, () => {
            throw new Error('of the factory');
          }),
        'body that fails': () => {
          const body = new Readable({ read: () => body.destroy(new Error('of the body')) });
          return undici.request(base, { dispatcher, method: 'POST', body });
        },
        callback: () => undici.request(base, { dispatcher }, 7),
        client: () => Promise.resolve(new undici.Client('no url')),
        pool: () => Promise.resolve(new undici.Pool(base, { connections: -1 })),
      };
      for (const [name, call] of Object.entries(calls)) {
        try {
          const got = await call();
          seen(name, Object.keys(got));
        } catch (error) {
          seen(name, failed(error));
        }
      }
    });
  },

  'aborts: signals, emitters, bodies, in each moment': async (seen) => {
    await served(async (base, dispatcher) => {
      const asked = (path, signal) =>
        undici.request(base + path, { dispatcher, signal }).catch((error) => error);
      seen('before', await asked('/x', AbortSignal.abort(new Error('before'))));
      for (const reason of [undefined, new RangeError('the reason')]) {
        const controller = new AbortController();
        const waiting = asked('/never', controller.signal);
        controller.abort(reason);
        seen('at once', await waiting);
        const later = new AbortController();
        const open = await asked('/open', later.signal);
        const text = open.body.text().catch((error) => error);
        later.abort(reason);
        seen('while reading', [await text, getEventListeners(later.signal, 'abort').length]);
      }
      const emitter = new EventEmitter();
      const waiting = asked('/never', emitter);
      await turns();
      emitter.emit('abort');
      seen('emitter', [await waiting, listeners(emitter)]);
      const { body } = await asked('/open');
      const closed = new Promise((resolve) => body.on('close', resolve));
      body.on('error', (error) => seen('error', error)).destroy();
      await closed;
      seen('destroyed', [body.destroyed, body.errored?.name]);
      const done = new AbortController();
      await (await asked('/x', done.signal)).body.dump();
      seen('done', getEventListeners(done.signal, 'abort').length);
    });
  },
};
