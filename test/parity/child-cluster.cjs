const cluster = require('node:cluster');
const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { shape } = require('./parts/children.cjs');
const { declared, listeners } = require('./parts/threads.cjs');

exports.title = 'cluster: workers that serve requests';
exports.points = ['command', 'process', 'http'];

const settings = { exec: `${__dirname}/parts/cluster-worker.cjs`, args: ['a', 'b'], silent: true };

async function ask(port, path) {
  const response = await new Promise((resolve, reject) =>
    http.get({ port, host: '127.0.0.1', path, agent: false }, resolve).on('error', reject),
  );
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return JSON.parse(body);
}

exports.cases = {
  'the module': async (seen) => {
    seen(
      'exports',
      declared(cluster).filter(([name]) => !name.startsWith('_')),
    );
    seen('class', [cluster.constructor === EventEmitter, declared(cluster.Worker.prototype)]);
    seen('settings', cluster.settings);
  },

  'workers and their requests': async (seen) => {
    const heard = { fork: 0, online: 0, listening: 0, disconnect: 0, exit: [] };
    const on = (event, listener) => cluster.on(event, listener);
    for (const event of ['fork', 'online', 'listening', 'disconnect']) on(event, () => heard[event]++);
    on('exit', (_worker, code, signal) => heard.exit.push([code, signal]));
    cluster.setupPrimary(settings);
    seen('settings', [
      cluster.settings.exec === settings.exec,
      cluster.settings.args,
      cluster.settings.silent,
    ]);
    const workers = [cluster.fork({ OWN: 'first' }), cluster.fork({ OWN: 'second' })];
    const addresses = await Promise.all(workers.map((worker) => once(worker, 'listening')));
    for (const [i, worker] of workers.entries()) {
      seen('worker', [worker.id, worker instanceof cluster.Worker, shape(worker.process), listeners(worker)]);
      seen('keys', [
        Object.keys(worker),
        worker.isConnected(),
        worker.isDead(),
        worker.exitedAfterDisconnect,
      ]);
      const [{ address, addressType, port, fd }] = addresses[i];
      seen('address', [address, addressType, typeof port, fd]);
    }
    const [[{ port }]] = addresses;
    const answers = await Promise.all(['/1', '/2', '/3', '/4'].map((path) => ask(port, path)));
    // Which of the workers answers is decided by turns and by the system.
    seen(
      'answers',
      answers.map(({ own, unique, ...rest }) => [rest, typeof own, typeof unique]),
    );
    const [first, second] = workers;
    seen('sent', first.send('hello'));
    seen('message', await once(first, 'message'));
    seen('to the cluster', Object.keys(cluster.workers));
    first.send('exit');
    seen('exit', await once(first, 'exit'));
    const gone = once(second, 'exit');
    seen('disconnected', [
      second.disconnect() === second,
      await gone,
      second.exitedAfterDisconnect,
      second.isDead(),
    ]);
    seen('heard', heard);
    seen('left', Object.keys(cluster.workers));
    for (const event of Object.keys(heard)) cluster.removeAllListeners(event);
  },

  'a worker that fails': async (seen) => {
    cluster.setupPrimary(settings);
    const worker = cluster.fork();
    let text = '';
    worker.process.stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    await once(worker, 'listening');
    const closed = once(worker.process, 'close');
    worker.send('throw');
    seen('exit', [await once(worker, 'exit'), await closed]);
    seen(
      'text',
      text.split('\n').filter((line) => /RangeError/.test(line)),
    );
    const killed = cluster.fork();
    await once(killed, 'online');
    killed.process.kill('SIGKILL');
    seen('killed', await once(killed, 'exit'));
  },
};
