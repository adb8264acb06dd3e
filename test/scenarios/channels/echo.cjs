// A child process or a thread that answers each message with what it has got. With the agent, each message is a point.
const { once } = require('node:events');
const { isMainThread, parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads');
const { profiler } = require('ostrace');

const way = isMainThread ? process.argv[2] : workerData;
const source = isMainThread ? process : parentPort;
const answer = (message) => (isMainThread ? process.send(message) : parentPort.postMessage(message));

const internal = [];
const got = [];
function hear(message, handle) {
  const name = message.name ?? (message instanceof Map ? message.get('name') : message);
  profiler.trace(`got ${name}`, () => {});
  if (name === 'close') {
    parentPort.close();
    return;
  }
  got.push(name);
  handle?.close();
  const said = { name, got: [...got], keys: Object.keys(message), handle: typeof handle, internal };
  if (message.port) message.port.postMessage(said);
  else answer(said);
}

async function main() {
  if (isMainThread) process.on('internalMessage', ({ cmd }) => cmd === 'NODE_HANDLE' || internal.push(cmd));
  if (way === 'late') {
    // What comes before there is a listener is kept by Node.
    process.channel.ref();
    answer('ready');
    await once(process.stdin, 'data');
    process.stdin.destroy();
  }
  if (way === 'taking') {
    // The thread looks for a message by itself, and hears the others.
    answer('ready');
    parentPort.ref();
    for (;;) {
      const entry = receiveMessageOnPort(parentPort);
      if (entry !== undefined) {
        hear(entry.message);
        break;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  source.on('message', hear);
  if (way === 'echo') answer('ready');
}
void main();
