// Sends and handles messages in the styles that every supported client of NATS has; prints what came back. Each style is
// a point of its own, and so is what handles a message: it shows where that ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ nats, streams }) {
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.message.replaceAll(subject, '')}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const later = () => new Promise((resolve) => setTimeout(resolve, 5));
  const subject = `ostrace-test-${process.pid}`;

  const nc = await nats.connect({ servers: process.env.NATS_URL });
  /** The texts of the messages that a loop handles, until there are enough. */
  const loop = async (messages, handle, count = 1) => {
    const texts = [];
    for await (const message of messages) {
      await handle(message);
      texts.push(message.string());
      if (texts.length === count) break;
    }
    here('after');
    return texts;
  };
  /** The next message of a subject, by a callback. */
  const called = (of, handle) =>
    new Promise((resolve) => {
      nc.subscribe(of, { max: 1, callback: (error, message) => resolve(handle(message)) });
    });

  await style('iterated', async () => {
    const handled = loop(nc.subscribe(subject), async () => {
      here('handled');
      await later();
      here('still');
    });
    return [nc.publish(subject, 'a'), await handled];
  });
  await style('several', async () => {
    const handled = loop(nc.subscribe(`${subject}.*`), () => here('handled'), 3);
    for (const text of ['a', 'b', 'c']) nc.publish(`${subject}.${text}`, text);
    return handled;
  });
  await style('not awaited', async () => {
    const working = [];
    const work = async (message) => {
      here(message.string());
      await later();
      here(message.string());
    };
    const handled = loop(nc.subscribe(subject), (message) => void working.push(work(message)), 2);
    nc.publish(subject, 'a');
    nc.publish(subject, 'b');
    await handled;
    await Promise.all(working);
  });
  await style('thrown', async () => {
    const handled = loop(nc.subscribe(subject), () => {
      throw new RangeError('thrown');
    }).catch((error) => here('caught', error.message));
    nc.publish(subject, 'a');
    return handled;
  });
  await style('by hand', async () => {
    const subscription = nc.subscribe(subject);
    const iterator = subscription[Symbol.asyncIterator]();
    nc.publish(subject, 'a');
    const { value, done } = await iterator.next();
    here('handled');
    await iterator.return();
    here('after');
    return [value.string(), done, Object.keys(iterator).filter((key) => key === 'then'), iterator.next.name];
  });
  await style('called', async () => {
    const handled = called(subject, (message) => here('handled', message.string()));
    return [nc.publish(subject, 'a'), await handled];
  });

  const headers = nats.headers();
  headers.append('own', 'a');
  headers.append('own', 'b');
  const options = { headers };
  await style('headers', async () => {
    const handled = called(subject, (message) => [...message.headers].filter(([name]) => name === 'own'));
    nc.publish(subject, 'a', options);
    return [await handled, String(headers), Object.keys(options), options.headers === headers];
  });
  await style('nobody listens', () => nc.publish(subject));
  await style('wrong subject', () => nc.publish(''));
  await style('wrong payload', () => nc.publish(subject, 1));

  const serve = (of, answer) =>
    nc.subscribe(of, {
      callback: (error, message) => {
        here('served');
        answer(message);
      },
    });
  serve(`${subject}-echo`, (message) => message.respond(message.data));
  serve(`${subject}-late`, async (message) => {
    await later();
    message.respond(here('late', 'late'));
  });
  serve(`${subject}-hand`, (message) => nc.publish(message.reply, 'hand'));
  serve(`${subject}-error`, (message) => {
    const failed = nats.headers();
    failed.set('Nats-Service-Error-Code', '400');
    failed.set('Nats-Service-Error', 'not like that');
    message.respond('', { headers: failed });
  });
  serve(`${subject}-never`, () => {});
  // Nobody waits for its end: it ends with the connection.
  const serving = (async () => {
    for await (const message of nc.subscribe(`${subject}-loop`)) {
      await later();
      here('served', message.respond('loop'));
      await later();
      here('still');
    }
  })();
  const ask = async (name, data, given) => (await nc.request(`${subject}-${name}`, data, given)).string();
  const asked = { timeout: 10_000 };
  await style('requested', () => ask('echo', 'a', asked));
  await style('requested without options', () => ask('echo', 'a'));
  await style('requested by an inbox', () => ask('echo', 'a', { timeout: 10_000, noMux: true }));
  await style('requested with headers', () => ask('echo', 'a', { timeout: 10_000, headers }));
  await style('requested by somebody who looks away', async () => {
    void nc.request(`${subject}-late`, '', asked);
    for (let i = 0; i < 5; i++) await later();
  });
  await style('answered late', () => ask('late', '', asked));
  await style('answered by hand', () => ask('hand', '', asked));
  await style('answered in a loop', async () => {
    const answer = await ask('loop', '', asked);
    await later();
    await later();
    return answer;
  });
  await style('answered with an error', () => ask('error', '', asked));
  await style('not answered', () => ask('never', '', { timeout: 20 }));
  await style('nobody serves', () => ask('nobody', '', asked));
  const many = async (given) => {
    const texts = [];
    for await (const message of await nc.requestMany(`${subject}-echo`, 'a', given)) {
      texts.push(here('answer', message.string()));
    }
    return texts;
  };
  await style('asked of many', () => many({ maxWait: 10_000, maxMessages: 1, strategy: 'count' }));
  await style('asked of many by an inbox', () =>
    many({ maxWait: 10_000, maxMessages: 1, strategy: 'count', noMux: true }),
  );
  results.options = [Object.keys(options), Object.keys(asked), String(headers)];

  const manager = await (streams?.jetstreamManager(nc) ?? nc.jetstreamManager());
  const js = streams?.jetstream(nc) ?? nc.jetstream();
  const name = subject;
  await manager.streams.add({ name, subjects: [`${name}-stream.>`], storage: 'memory' });
  await manager.consumers.add(name, { durable_name: 'acks', ack_policy: 'explicit' });
  const consumer = await js.consumers.get(name, 'acks');
  const put = async (text, given) => (await js.publish(`${name}-stream.a`, text, given)).stream === name;
  const acknowledged = (message) => here('handled', message.ack());

  await style('stored', () => put('a', { headers, msgID: '1' }));
  await style('consumed', async () => {
    const handled = loop(await consumer.consume({ max_messages: 1 }), async (message) => {
      here('handled');
      await later();
      message.ack();
    });
    return handled;
  });
  await style('fetched', async () => {
    const handled = loop(await consumer.fetch({ max_messages: 1, expires: 5000 }), acknowledged);
    return [await put('a'), await handled];
  });
  await style('called by a consumer', async () => {
    let messages;
    const handled = new Promise((resolve) => {
      messages = consumer.consume({
        max_messages: 1,
        callback: async (message) => {
          await later();
          resolve(here('handled', message.string()));
          message.ack();
        },
      });
    });
    await put('a');
    const text = await handled;
    await (await messages).close();
    return text;
  });
  await style('refused', async () => {
    const handled = loop(
      await consumer.consume({ max_messages: 1 }),
      (message) => (message.redelivered ? message.term() : message.nak()),
      2,
    );
    return [await put('a'), await handled];
  });
  await style('asked for', async () => {
    await put('a');
    const message = await consumer.next({ expires: 5000 });
    here('handled', message.ack());
    return message.string();
  });
  const ordered = await js.consumers.get(name);
  await style('in order', async () =>
    loop(await ordered.consume({ max_messages: 10 }), () => here('handled'), 2),
  );
  await manager.streams.delete(name);

  await nc.close();
  await serving;
  await style('sent when closed', () => nc.publish(subject, 'a'));
  process.stdout.write(JSON.stringify(results));
};
