// The global fetch: what it gives, what it throws, what it sends, how it is aborted.
const http = require('node:http');
const { getEventListeners } = require('node:events');
const { outcome, server } = require('./tools/fetch.cjs');
const { names, printed, storage, turns, using } = require('./tools/http.cjs');

exports.title = 'fetch';
exports.points = ['http', 'wsgi'];

exports.cases = {
  'the promise and the response': async (seen) => {
    await using(server(), async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const promise = storage.run('fetching', () => fetch(`${base}/json`));
      seen('promise', [promise.constructor === Promise, names(promise), printed(promise).split('\n')[0]]);
      const response = await promise;
      seen('response', [
        response.constructor === Response,
        response instanceof Response,
        names(response).length,
      ]);
      seen('printed', printed(response).replace(/^.*size.*\n/gm, ''));
      const then = await storage.run('then', () => promise.then(() => storage.getStore()));
      seen('storage', [
        storage.getStore(),
        then,
        await storage.run('read', () =>
          response
            .clone()
            .json()
            .then(() => storage.getStore()),
        ),
      ]);
      for (const how of ['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData']) {
        const got = await outcome(fetch(`${base}/json`), how);
        seen(how, how === 'blob' ? [got.body.size, got.body.type] : got);
      }
      for (const path of ['/gzip', '/204', '/503', '/hints']) seen(path, await outcome(fetch(base + path)));
      seen('cookies', (await fetch(`${base}/204`)).headers.getSetCookie());
      seen('twice', await outcome(response.text().then(() => response)));
      seen('head', await outcome(fetch(`${base}/json`, { method: 'HEAD' })));
      seen('called on something', await outcome(Reflect.apply(fetch, { own: true }, [`${base}/json`])));
    });
  },

  'what is sent: bodies and headers of all kinds': async (seen) => {
    await using(server(), async (port) => {
      const url = `http://127.0.0.1:${port}/echo`;
      const form = new FormData();
      form.set('a', '1');
      form.set('f', new Blob(['content'], { type: 'text/x' }), 'name.txt');
      const bodies = {
        text: 'text',
        buffer: Buffer.from('buffer'),
        view: new Uint16Array([1, 2]),
        params: new URLSearchParams({ a: 'b c' }),
        blob: new Blob(['blob'], { type: 'text/y' }),
        form,
        stream: new Blob(['stream']).stream(),
        iterable: (async function* () {
          yield Buffer.from('one ');
          await null;
          yield Buffer.from('two');
        })(),
        object: { toString: () => 'an object' },
      };
      for (const [name, body] of Object.entries(bodies)) {
        const got = await outcome(fetch(url, { method: 'POST', body, duplex: 'half' }), 'json');
        seen(name, [got.status, got.body]);
      }
      const init = Object.freeze({
        method: 'put',
        headers: Object.freeze({ 'X-A': '1', cookie: 'c' }),
        body: 'x',
      });
      seen('frozen', (await outcome(fetch(url, init), 'json')).body);
      const headers = new Headers([
        ['x', '1'],
        ['x', '2'],
        ['referer', 'no'],
      ]);
      const request = new Request(url, { method: 'PATCH', headers, body: 'y' });
      seen('Request', (await outcome(fetch(request), 'json')).body);
      seen('Request afterwards', [
        request.bodyUsed,
        [...request.headers],
        [...headers],
        request.signal.aborted,
      ]);
      seen('used', await outcome(fetch(request)));
      seen(
        'init over Request',
        (await outcome(fetch(new Request(url), { headers: { y: '3' } }), 'json')).body,
      );
      seen('user info', await outcome(fetch(url.replace('//', '//user:pass@'))));
    });
  },

  redirects: async (seen) => {
    await using(server(), async (port) => {
      const base = `http://127.0.0.1:${port}`;
      for (const redirect of ['follow', 'manual', 'error']) {
        seen(redirect, await outcome(fetch(`${base}/redirect`, { redirect })));
      }
      const post = { method: 'POST', body: 'kept' };
      seen('post', await outcome(fetch(`${base}/redirect`, post)));
      seen(
        'kept',
        await outcome(fetch(`${base}/kept`, { ...post, headers: { authorization: 'x' } }), 'json'),
      );
      seen('loop', await outcome(fetch(`${base}/loop`)));
      seen('nowhere', await outcome(fetch(`${base}/nowhere`)));
    });
  },

  'what never gets to a server': async (seen) => {
    const port = await using(http.createServer(), (free) => free);
    const withBody = { body: 'x' };
    const calls = {
      'no arguments': () => fetch(),
      'no url': () => fetch('no url'),
      relative: () => fetch('/relative'),
      scheme: () => fetch('ftp://127.0.0.1/'),
      port: () => fetch('http://127.0.0.1:1/'),
      method: () => fetch('http://127.0.0.1/', { method: 'G T' }),
      CONNECT: () => fetch('http://127.0.0.1/', { method: 'CONNECT' }),
      'body of a get': () => fetch('http://127.0.0.1/', withBody),
      header: () => fetch('http://127.0.0.1/', { headers: { 'a b': '1' } }),
      signal: () => fetch('http://127.0.0.1/', { signal: {} }),
      duplex: () => fetch('http://127.0.0.1/', { method: 'POST', body: new Blob(['x']).stream() }),
      data: () => fetch('data:text/plain;base64,aGVsbG8='),
      'bad data': () => fetch('data:nothing'),
      blob: () => fetch(URL.createObjectURL(new Blob(['of a blob'], { type: 'text/z' }))).finally(() => {}),
      'a getter that throws': () =>
        fetch({
          toString: () => {
            throw new Error('of the getter');
          },
        }),
      refused: () =>
        fetch(`http://127.0.0.1:${port}/`).catch((error) => {
          delete error.cause?.port;
          throw error;
        }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const got = await outcome(call());
      if (name === 'blob') delete got.url;
      seen(name, got);
    }
  },

  'aborts: before, while connecting, with a response, while reading': async (seen) => {
    await using(server(), async (port) => {
      const base = `http://127.0.0.1:${port}`;
      for (const reason of [undefined, new RangeError('the reason'), 'a text']) {
        seen('before', await outcome(fetch(`${base}/never`, { signal: AbortSignal.abort(reason) })));
        const controller = new AbortController();
        const { signal } = controller;
        const promise = outcome(fetch(`${base}/never`, { signal }));
        controller.abort(reason);
        seen('at once', await promise);
        seen('listeners', getEventListeners(signal, 'abort').length);
        const reading = new AbortController();
        const response = await fetch(`${base}/open`, { signal: reading.signal });
        const text = response.text().catch((error) => error);
        await turns();
        reading.abort(reason);
        seen('while reading', await text);
      }
      const waiting = new AbortController();
      const promise = outcome(fetch(`${base}/never`, { signal: waiting.signal }));
      // Long enough for the request to be on its way: before that, the stack is another one.
      setTimeout(() => waiting.abort(), 300);
      seen('while waiting', await promise);
      seen('timeout', await outcome(fetch(`${base}/never`, { signal: AbortSignal.timeout(300) })));
      const done = new AbortController();
      seen('done', (await outcome(fetch(`${base}/json`, { signal: done.signal }))).status);
      done.abort();
      const cancelled = await fetch(`${base}/open`);
      seen('cancel', await cancelled.body.cancel('no more'));
      seen('body', [cancelled.bodyUsed, cancelled.body.locked]);
    });
  },

  'one signal for many, and bodies that break off': async (seen) => {
    await using(server(), async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const { signal } = new AbortController();
      for (let i = 0; i < 12; i++) await (await fetch(`${base}/json`, { signal })).text();
      seen('listeners', getEventListeners(signal, 'abort').length);
      for (const path of ['/cut', '/reset']) {
        const got = await outcome(fetch(base + path));
        if (got.cause?.socket) delete got.cause.socket;
        seen(path, got);
      }
      const pieces = [];
      for await (const piece of (await fetch(`${base}/json`)).body) pieces.push(piece.constructor.name);
      const reader = (await fetch(`${base}/json`)).body.getReader();
      seen('read', [pieces, (await reader.read()).value?.length, (await reader.read()).done]);
    });
  },

  'whose storage the steps of parallel calls see': async (seen) => {
    await using(server(), async (port) => {
      const lines = await Promise.all(
        ['a', 'b', 'c', 'd'].map((name) =>
          storage.run(name, async () => {
            const response = await fetch(`http://127.0.0.1:${port}/echo?${name}`);
            const first = storage.getStore();
            const [, url] = await response.json();
            return [first, storage.getStore(), url];
          }),
        ),
      );
      seen('lines', lines);
    });
  },
};

exports.ends = {
  'a fetch that fails and nobody listens': async () => {
    // In a later turn: the first one differs in whether a tick is waiting.
    setTimeout(() => fetch('http://127.0.0.1:1/'), 1);
  },
};
