// The first line of each script: which agents were there before it, and, when asked, what it took.
const has = (name) => Symbol.for(name) in globalThis;

exports.firstLine = () => {
  const agents = {
    ostrace: has('ostrace.profiler.1'),
    opentelemetry: has('opentelemetry.js.api.1'),
    datadog: '_ddtrace' in globalThis,
  };
  return JSON.stringify(process.env.BENCH_FACTS === undefined ? agents : { ...agents, ...facts() });
};

/** The scripts that are loaded in this thread, Node's own included, and what the process takes of memory. */
function facts() {
  const rss = process.memoryUsage.rss();
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connect();
  let scripts = 0;
  let bytes = 0;
  session.on('Debugger.scriptParsed', ({ params: { url, length } }) => {
    if (!url.startsWith('file:') && !url.startsWith('node:') && !url.startsWith('/')) return;
    scripts++;
    bytes += length;
  });
  // V8 tells of those that are there already before this returns.
  session.post('Debugger.enable');
  session.disconnect();
  return { scripts, bytes, rss };
}
