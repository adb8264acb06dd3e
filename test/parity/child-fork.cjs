const { fork, spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { inspect } = require('node:util');
const { follow, shape } = require('./parts/children.cjs');
const { frozen, listeners, thrown } = require('./parts/threads.cjs');

exports.title = 'child_process: fork, messages and handles';
exports.points = ['command', 'process'];

const file = `${__dirname}/parts/forked.cjs`;
const start = (task, options, ...args) => fork(file, [task, ...args], options);

/** The messages of a child, and how it ended. */
async function heard(child) {
  const messages = [];
  child.on('message', (message, handle) => messages.push([message, typeof handle]));
  return [messages, await follow(child)];
}

exports.cases = {
  'what a child sees': async (seen) => {
    const options = {
      inherited: {},
      'an environment': { env: { OWN: 'own', PATH: process.env.PATH } },
      'no environment': { env: {}, execPath: process.execPath, cwd: '/', detached: true },
      'arguments of node': { execArgv: ['--no-warnings'], silent: true },
      frozen: frozen({
        env: { OWN: 'frozen' },
        execArgv: [...process.execArgv],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      }),
    };
    const results = await Promise.all(
      Object.values(options).map((each) => heard(start('look', each, 'a', 'b'))),
    );
    for (const [i, name] of Object.keys(options).entries()) seen(name, results[i]);
    seen('unchanged', [
      options.frozen.env,
      Object.keys(process.env).filter((name) => name.includes('CHANNEL')),
    ]);
  },

  'signals that a child listens for': async (seen) => {
    const [messages] = await heard(start('signals', { silent: true }));
    seen('listeners', messages);
  },

  'a forked child': async (seen) => {
    const child = start('echo', { silent: true });
    seen('shape', shape(child));
    seen('keys', Object.keys(child));
    seen('listeners', listeners(child));
    const sent = [
      1,
      'text',
      true,
      null,
      { a: [1, { b: 2 }] },
      [undefined],
      new Date(0),
      { error: new Error('sent') },
    ];
    for (const message of sent) seen('sent', child.send(message));
    await new Promise((resolve) => child.send('with a callback', (...args) => resolve(seen('called', args))));
    const log = heard(child);
    seen('once', await once(child, 'message'));
    child.send('end');
    seen('log', await log);
    seen('gone', [thrown(() => child.send('late')), child.connected]);
    child.once('error', (error) => seen('error', error));
    seen(
      'disconnected',
      thrown(() => child.disconnect()),
    );
    await new Promise((resolve) => setImmediate(resolve));
  },

  'advanced messages': async (seen) => {
    const child = start('echo', { serialization: 'advanced', silent: true });
    const cyclic = {
      map: new Map([[1, new Set('a')]]),
      big: 5n,
      bytes: Buffer.from('abc'),
      when: new Date(0),
    };
    cyclic.self = cyclic;
    const log = heard(child);
    seen('sent', child.send(cyclic));
    seen(
      'not sent',
      thrown(() => child.send(() => {})),
    );
    seen('wrong', [
      thrown(() => child.send()),
      thrown(() => child.send(1, {})),
      thrown(() => child.send(1, undefined, 5)),
    ]);
    child.send('end');
    seen('log', await log);
  },

  'ends of a child': async (seen) => {
    const silent = { silent: true };
    const children = {
      exit: start('exit', silent, '3'),
      killed: start('wait', silent),
      threw: start('throw', silent),
      aborted: start('wait', { silent: true, signal: AbortSignal.timeout(30) }),
      'a missing node': fork(file, { execPath: '/no/such/node', silent: true }),
    };
    const logs = Object.values(children).map((child) => follow(child));
    children.killed.kill();
    for (const [i, name] of Object.keys(children).entries()) {
      const { err, ...rest } = await logs[i];
      seen(name, [rest, err.split('\n').length > 3 ? err.split('\n')[4] : err]);
    }
    // Node emits no 'close' of a child that its parent has disconnected.
    const disconnected = start('echo', silent);
    seen('disconnect', [disconnected.disconnect(), disconnected.connected]);
    seen('its exit', await once(disconnected, 'exit'));
  },

  handles: async (seen) => {
    const child = start('serve', { silent: true });
    const log = heard(child);
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    await new Promise((resolve) => child.send('server', server, (error) => resolve(seen('a server', error))));
    await once(child, 'message');
    server.close();
    const client = net.connect(port, '127.0.0.1');
    client.setEncoding('utf8');
    seen('served by the child', await once(client, 'data'));
    client.destroy();

    const own = net.createServer((socket) => child.send('socket', socket));
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const second = net.connect(own.address().port, '127.0.0.1').setEncoding('utf8');
    seen('answered by the child', await once(second, 'data'));
    second.destroy();
    own.close();
    child.send('end');
    const [messages, { events }] = await log;
    seen('log', [messages, events]);
  },

  'a channel without fork': async (seen) => {
    const child = spawn(process.execPath, [...process.execArgv, file, 'echo'], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    seen('shape', shape(child));
    const log = heard(child);
    child.send({ by: 'spawn' });
    child.send('end');
    seen('log', await log);
    const none = spawn('sh', ['-c', 'echo "$NODE_CHANNEL_FD" "$NODE_CHANNEL_SERIALIZATION_MODE"'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    seen('not a node', [none.connected, await follow(none)]);
  },

  'arguments that throw': async (seen) => {
    const list = [
      [],
      [5],
      ['a\0'],
      [{}],
      [file, 5],
      [file, 'text'],
      [file, [], 5],
      [file, ['a\0']],
      [file, [], { execPath: 5 }],
      [file, [], { stdio: ['pipe', 'pipe', 'pipe'] }],
      [file, [], { stdio: 'none' }],
      [file, [], { serialization: 'none' }],
      [file, [], { signal: 5 }],
      [file, [], { timeout: -1 }],
      [file, [], { env: { A: '\0' } }],
    ];
    for (const args of list)
      seen(
        inspect(args),
        thrown(() => shape(fork(...args))),
      );
  },
};

exports.except = {
  'signals that a child listens for': {
    variants: ['traced'],
    because:
      'While a trace is live, the agent listens for SIGTERM and SIGINT where nobody else does: a signal must not lose what was recorded. The listeners are counted.',
  },
};

exports.ends = {
  'an error of a child that nobody handles': async () => {
    fork(file, { execPath: '/no/such/node', execArgv: [] });
  },
  'a child that is left behind': async () => {
    const child = start('wait', { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.on('spawn', () => {
      child.unref();
      child.channel.unref();
      process.on('exit', () => console.log('left', child.connected, child.kill('SIGKILL')));
    });
  },
};
