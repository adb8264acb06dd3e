// What an application may do that makes the agent fail at the begin, in the middle or at the end of a trace,
// and what the agent listens to meanwhile.
const { channel } = require('node:diagnostics_channel');
const { ServerResponse, createServer, get } = require('node:http');
const { join } = require('node:path');

const { tracing } = require(join(process.env.AGENT, 'dist/agent.js'));
const headers = JSON.parse(process.env.SIGNED);
let isNew = true;

const created = channel('http2.client.stream.created');
const ways = {
  nothing() {
    console.log(created.hasSubscribers);
    return () => {};
  },
  begin() {
    const { on } = process;
    process.on = () => {
      throw new RangeError('mine');
    };
    return () => (process.on = on);
  },
  end() {
    process.removeListener = () => {
      throw new RangeError('mine');
    };
    return () => {};
  },
  // The agent is the first to ask for it.
  serve() {
    class Response extends ServerResponse {
      get emit() {
        if (isNew) {
          isNew = false;
          throw new RangeError('mine');
        }
        return super.emit;
      }
    }
    return { ServerResponse: Response };
  },
};

const [, , way] = process.argv;
const done = ways[way]();
const server = createServer(typeof done === 'object' ? done : {}, (request, response) => {
  if (way === 'nothing') console.log(created.hasSubscribers);
  response.end('answer');
});
server.listen(0, '127.0.0.1', () => {
  const options = { port: server.address().port, host: '127.0.0.1', headers, agent: false };
  get(options, (response) => {
    response.setEncoding('utf8').on('data', (text) => console.log(response.statusCode, text));
    response.on('end', () => {
      if (typeof done === 'function') done();
      server.close();
      const waiting = setInterval(() => {
        if (tracing.live > 0) return;
        if (way === 'nothing') console.log(created.hasSubscribers);
        console.log('nothing is live');
        clearInterval(waiting);
      }, 50);
    });
  });
});
