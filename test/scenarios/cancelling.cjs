// Requests that their caller gives up on purpose, and requests that end early for other reasons.
const { EventEmitter } = require('node:events');
const { Writable } = require('node:stream');
const { profiler } = require('ostrace');

module.exports = async function cancelling({ http, http2, undici }) {
  const [, , base, base2] = process.argv;
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const soon = (body) => void setTimeout(() => body(), 30);
  const aborting = (reason) => {
    const controller = new AbortController();
    soon(() => controller.abort(reason));
    return controller.signal;
  };

  const ask = (path, options) => {
    const outgoing = http.get(base + path, { agent: new http.Agent(), ...options });
    outgoing.on('error', () => {});
    return outgoing;
  };
  const gone = (emitter) => new Promise((resolve) => emitter.on('close', resolve));
  /** Reads the beginning of a response, and then does something with it. */
  const reading = async (path, options, then) => {
    const outgoing = ask(path, options);
    outgoing.on('response', (response) => {
      response.on('error', () => {});
      response.once('data', () => then(response, outgoing));
    });
    await gone(outgoing);
    await sleep(1);
  };

  const ask2 = (path, options) => {
    const session = http2.connect(base2).on('error', () => {});
    const stream = session.request({ ':path': path }, options).on('error', () => {});
    stream.on('close', () => setTimeout(() => session.destroy(), 1));
    return stream;
  };
  const CANCEL = 8;
  const reading2 = (path, then) => {
    const stream = ask2(path);
    stream.once('data', () => then(stream));
    return gone(stream);
  };

  const dispatcher = () => new undici.Agent();
  const reading3 = async (path, then) => {
    const { body } = await undici.request(base + path, { dispatcher: dispatcher() });
    body.on('error', () => {});
    await then(body);
  };

  const ways = {
    // given up
    'http: destroyed at once': () => gone(ask('/never').destroy()),
    'http: destroyed': () => {
      const outgoing = ask('/never');
      soon(() => outgoing.destroy());
      return gone(outgoing);
    },
    'http: aborted in the old way': () => {
      const outgoing = ask('/never');
      soon(() => outgoing.abort());
      return gone(outgoing);
    },
    'http: its socket destroyed': () => {
      const outgoing = ask('/never');
      soon(() => outgoing.socket.destroy());
      return gone(outgoing);
    },
    'http: its agent destroyed': () => {
      const agent = new http.Agent();
      soon(() => agent.destroy());
      return gone(ask('/never', { agent }));
    },
    'http: signal': () => gone(ask('/never', { signal: aborting() })),
    'http: signal with a reason': () => gone(ask('/never', { signal: aborting(new Error('mine')) })),
    'http: response destroyed': () => reading('/large', {}, (response) => response.destroy()),
    'http: request destroyed while reading': () => reading('/large', {}, (_, outgoing) => outgoing.destroy()),
    'http: for await, break': async () => {
      const outgoing = ask('/large');
      outgoing.on('response', async (response) => {
        for await (const _ of response) break;
      });
      await gone(outgoing);
      await sleep(1);
    },
    'http: signal while reading': async () => {
      const controller = new AbortController();
      await reading('/large', { signal: controller.signal }, () => controller.abort());
    },
    'http: a bad answer, destroyed': () => reading('/large-503', {}, (response) => response.destroy()),
    'http2: closed at once': () => {
      const stream = ask2('/never');
      stream.close(CANCEL);
      return gone(stream);
    },
    'http2: closed': () => {
      const stream = ask2('/never');
      soon(() => stream.close(CANCEL));
      return gone(stream);
    },
    'http2: closed without a code': () => {
      const stream = ask2('/never');
      soon(() => stream.close());
      return gone(stream);
    },
    'http2: destroyed': () => {
      const stream = ask2('/never');
      soon(() => stream.destroy());
      return gone(stream);
    },
    'http2: session destroyed': () => {
      const stream = ask2('/never');
      soon(() => stream.session.destroy());
      return gone(stream);
    },
    'http2: signal': () => gone(ask2('/never', { signal: aborting() })),
    'http2: closed while reading': () => reading2('/large', (stream) => stream.close(CANCEL)),
    'http2: closed without a code while reading': () => reading2('/large', (stream) => stream.close()),
    'http2: destroyed while reading': () => reading2('/large', (stream) => stream.destroy()),
    'http2: for await, break': async () => {
      const stream = ask2('/large');
      for await (const _ of stream) break;
      await sleep(1);
    },
    'fetch: cancelled': async () => (await fetch(`${base}/large`)).body.cancel(),
    'fetch: cancelled with a reason': async () =>
      (await fetch(`${base}/large`)).body.cancel(new Error('mine')),
    'fetch: reader cancelled': async () => {
      const reader = (await fetch(`${base}/large`)).body.getReader();
      await reader.read();
      await reader.cancel();
    },
    'fetch: for await, break': async () => {
      for await (const _ of (await fetch(`${base}/large`)).body) break;
    },
    'fetch: signal': () => fetch(`${base}/never`, { signal: aborting() }),
    'fetch: signal with a reason': () => fetch(`${base}/never`, { signal: aborting(new TypeError('mine')) }),
    'fetch: signal with a text': () => fetch(`${base}/never`, { signal: aborting('enough') }),
    'fetch: signal while reading': async () => {
      const controller = new AbortController();
      const response = await fetch(`${base}/large`, { signal: controller.signal });
      controller.abort();
      await response.text();
    },
    'fetch: a bad answer, cancelled': async () => (await fetch(`${base}/large-503`)).body.cancel(),
    'undici: body destroyed': () => reading3('/large', (body) => body.destroy()),
    'undici: for await, break': () =>
      reading3('/large', async (body) => {
        for await (const _ of body) break;
      }),
    'undici: dumped': () => reading3('/large', (body) => body.dump({ limit: 10 })),
    'undici: signal': () => undici.request(`${base}/never`, { signal: aborting(), dispatcher: dispatcher() }),
    'undici: emitter': () => {
      const signal = new EventEmitter();
      soon(() => signal.emit('abort'));
      return undici.request(`${base}/never`, { signal, dispatcher: dispatcher() });
    },
    'undici: client destroyed': () => {
      const client = new undici.Client(base);
      soon(() => client.destroy());
      return client.request({ path: '/never', method: 'GET' });
    },
    // failed
    'http: timeout option': () => {
      const outgoing = ask('/never', { timeout: 30 });
      outgoing.on('timeout', () => outgoing.destroy());
      return gone(outgoing);
    },
    'http: timeout while reading': () =>
      // Set with the first data: the connection of a busy machine takes longer than that.
      reading('/drip', {}, (response, outgoing) => outgoing.setTimeout(60, () => response.destroy())),
    'http: timeout signal': () => gone(ask('/never', { signal: AbortSignal.timeout(30) })),
    'http: destroyed with an error': () => {
      const outgoing = ask('/never');
      soon(() => outgoing.destroy(new RangeError('mine')));
      return gone(outgoing);
    },
    'http: server hangs up': () => gone(ask('/hang-up')),
    'http: server hangs up later': () => reading('/hang-up-later', {}, () => {}),
    'http: server resets': () => reading('/reset', {}, () => {}),
    'http: hints, then nothing': () => gone(ask('/hints-hang-up')),
    'http2: timeout signal': () => gone(ask2('/never', { signal: AbortSignal.timeout(30) })),
    'http2: server cancels': () => gone(ask2('/cancel').resume()),
    'http2: server hangs up later': () => gone(ask2('/hang-up-later').resume()),
    'http2: hints, then nothing': () => gone(ask2('/hints-cancel').resume()),
    // Before it is connected, undici does not tell a time that is up from a wish.
    'fetch: timeout signal': () => fetch(`${base}/never`, { signal: AbortSignal.timeout(1000) }),
    'fetch: server hangs up': () => fetch(`${base}/hang-up`),
    'fetch: server hangs up later': async () => (await fetch(`${base}/hang-up-later`)).text(),
    'fetch: hints, then nothing': () => fetch(`${base}/hints-hang-up`),
    'undici: timeout of the body': async () => {
      const { body } = await undici.request(`${base}/drip`, { bodyTimeout: 30, dispatcher: dispatcher() });
      await body.text();
    },
    'undici: timeout of the head': () =>
      undici.request(`${base}/never`, { headersTimeout: 30, dispatcher: dispatcher() }),
    'undici: handler throws': () =>
      undici.stream(`${base}/large`, { method: 'GET', dispatcher: dispatcher() }, () => {
        throw new RangeError('mine');
      }),
    // complete
    'http: hints, then all': async () => reading('/hints', {}, (response) => response.resume()),
    'http: upgrade': async () => {
      const outgoing = ask('/upgrade', { headers: { Connection: 'Upgrade', Upgrade: 'x' } });
      await new Promise((resolve) => outgoing.on('upgrade', (_, socket) => resolve(socket.destroy())));
    },
    'http2: hints, then all': () => gone(ask2('/hints').resume()),
    'http2: no body': () => gone(ask2('/empty').resume()),
    'http2: closed after all': async () => {
      const stream = ask2('/hints');
      stream.resume().on('end', () => stream.close(CANCEL));
      await gone(stream);
    },
    'fetch: hints, then all': async () => (await fetch(`${base}/hints`)).text(),
    'undici: hints, then all': async () => {
      const { body } = await undici.request(`${base}/hints`, { dispatcher: dispatcher() });
      await body.text();
    },
    'undici: streamed': () =>
      undici.stream(
        `${base}/hints`,
        { method: 'GET', dispatcher: dispatcher() },
        () => new Writable({ write: (_c, _e, done) => done() }),
      ),
  };
  for (const [name, way] of Object.entries(ways)) {
    await profiler.trace(name, async () => {
      try {
        await way();
      } catch {
        // what it gives is the parity suite's to ask
      }
      await sleep(5);
    });
  }
  console.log('done');
  process.exit();
};

if (require.main === module) {
  module.exports({ http: require('node:http'), http2: require('node:http2'), undici: require('undici') });
}
