// What the files about HTTP/2 share.
const http2 = require('node:http2');
const { using } = require('./http.cjs');

/** Runs a body with a session of a client to a server; both are gone afterwards. */
function connected(server, body, options) {
  const scheme = options?.ca === undefined ? 'http' : 'https';
  return using(server, async (port) => {
    const session = http2.connect(`${scheme}://localhost:${port}`, { family: 4, ...options });
    session.on('error', () => {});
    const gone = new Promise((resolve) => session.once('close', resolve));
    try {
      return await body(session, port);
    } finally {
      session.destroy();
      await gone;
    }
  });
}

/** What comes back on a stream: headers, text, trailers, and how it ended. */
async function reply(stream) {
  const got = { text: '' };
  // Not `once`, which rejects where an error comes first.
  const gone = new Promise((resolve) => stream.once('close', resolve));
  stream.on('headers', (headers) => (got.informational ??= []).push({ ...headers }));
  stream.on('response', (headers, flags) => Object.assign(got, { headers: { ...headers }, flags }));
  stream.on('trailers', (headers) => (got.trailers = { ...headers }));
  stream.on('error', (error) => (got.error = `${error.code} ${error.message}`));
  stream.on('aborted', () => (got.aborted = true));
  stream.setEncoding('utf8').on('data', (text) => (got.text += text));
  await gone;
  return { ...got, rstCode: stream.rstCode };
}

/** Asks on a session. */
function ask(session, headers, body, options) {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: false, ...options });
  stream.end(body);
  return reply(stream);
}

module.exports = { ask, connected, reply };
