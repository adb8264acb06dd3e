// A service whose requests are tasks of home-made pools of child processes or threads, one pool for each style.
const { once } = require('node:events');
const http = require('node:http');

/** How a pool gives its receivers tasks; each gives a function that asks for a task. */
const senders = {
  /** At once, in turn, whatever else they do. */
  'at once': (receivers, ask) => {
    let last = 0;
    return (task) => ask(receivers[last++ % receivers.length], task);
  },
  /** The listener of an answer sends the next task. */
  'by answers': (receivers) => {
    const idle = [...receivers];
    const queue = [];
    const next = () => {
      if (idle.length === 0 || queue.length === 0) return;
      const receiver = idle.pop();
      const { task, resolve } = queue.shift();
      receiver.once('message', ({ said }) => {
        resolve(said);
        idle.push(receiver);
        next();
      });
      receiver.tell(task);
    };
    return (task) =>
      new Promise((resolve) => {
        queue.push({ task, resolve });
        next();
      });
  },
  /** The promise of a task begins the next one. */
  'by promises': (receivers, ask) => {
    const idle = [...receivers];
    const queue = [];
    const next = () => {
      if (idle.length === 0 || queue.length === 0) return;
      const receiver = idle.shift();
      const { task, resolve } = queue.shift();
      ask(receiver, task)
        .then(resolve)
        .finally(() => {
          idle.push(receiver);
          next();
        });
    };
    return (task) =>
      new Promise((resolve) => {
        queue.push({ task, resolve });
        next();
      });
  },
  /** The loop of one request does the tasks of all. */
  'by a loop': (receivers, ask) => {
    const queue = [];
    const free = [...receivers];
    return async (task) => {
      const done = new Promise((resolve) => queue.push({ task, resolve }));
      const receiver = free.pop();
      if (receiver !== undefined) {
        while (queue.length > 0) {
          const job = queue.shift();
          job.resolve(await ask(receiver, job.task));
        }
        free.push(receiver);
      }
      return done;
    };
  },
  /** A request waits until it has a receiver, and tells that itself. */
  'by waiting': (receivers, ask) => {
    const idle = [...receivers];
    const waiting = [];
    return async (task) => {
      const receiver = idle.pop() ?? (await new Promise((resolve) => waiting.push(resolve)));
      try {
        return await ask(receiver, task);
      } finally {
        if (waiting.length > 0) waiting.shift()(receiver);
        else idle.push(receiver);
      }
    };
  },
};

/** The pools: how they send, how their receivers do the tasks, and whether a request makes the receivers. */
const pools = {
  senders: Object.keys(senders).map((sender) => [sender, 'directly']),
  receivers: [
    ['at once', 'in a loop'],
    ['at once', 'in a waiting loop'],
    ['at once', 'in batches'],
    ['at once', 'the last first'],
    ['at once', 'two at a time'],
    ['at once', 'directly', true],
    ['at once', 'in its main script', true],
  ],
};

/** @param make makes a receiver: an emitter of messages with `tell` and `stop` */
exports.serve = (make) => {
  const all = [];
  const open = ([sender, way]) => {
    const receivers = way === 'directly' ? [make(way), make(way)] : [make(way)];
    all.push(...receivers);
    for (const receiver of receivers) {
      receiver.setMaxListeners(1000);
      receiver.waiting = new Map();
    }
    const isShared = sender === 'at once';
    const ask = (receiver, task) =>
      new Promise((resolve) => {
        if (isShared) {
          if (receiver.waiting.size === 0 && !receiver.hears) {
            receiver.hears = true;
            receiver.on('message', ({ id, said }) => receiver.waiting.get(id)?.(said));
          }
          receiver.waiting.set(task.id, resolve);
        } else receiver.once('message', ({ said }) => resolve(said));
        receiver.tell(task);
      });
    return senders[sender](receivers, ask);
  };
  const asks = pools[process.env.POOLS].map((pool) => {
    const [, , isLate] = pool;
    let made = isLate ? undefined : open(pool);
    return (task) => (made ??= open(pool))(task);
  });
  const server = http.createServer(async (request, response) => {
    const id = request.url.slice(1);
    if (id === 'end') {
      // One after the other: each stores what it has, and a busy machine has no time for all at once.
      for (const receiver of all) await receiver.stop();
      response.end('end', () => {
        server.close();
        server.closeAllConnections();
      });
      return;
    }
    response.end(await asks[(Number(id) || 0) % asks.length]({ id }));
  });
  // What comes before a receiver listens has no trace there.
  void Promise.all(all.map((receiver) => once(receiver, 'message'))).then(() =>
    server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address()))),
  );
};

/** Makes a receiver of what Node gives. */
exports.receiver = (it, send, stop) => Object.assign(it, { tell: (task) => it[send](task), stop });
