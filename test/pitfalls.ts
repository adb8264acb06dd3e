// The forty ways in which such agents go wrong, and the tests that prove that this one does not.
// `npm run docs` makes docs/pitfalls.md of it, and `npm run check:docs` fails where a test is gone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectFolder } from './scenario.js';

interface Pitfall {
  readonly what: string;
  /** A file below test/, and a piece of a test's or a parity case's name as it is written there. */
  readonly tests: readonly (readonly [file: string, name: string])[];
  /** What is not as one may expect. */
  readonly but?: string;
}

const parity = 'an application sees what it sees without the agent';

/** In the order in which they are numbered. */
const pitfalls: readonly Pitfall[] = [
  {
    what: 'Every ES module is wrapped, and some break',
    tests: [
      ['idle-modules.test.ts', 'no export replaced'],
      ['loading/modules.test.ts', 'a signed request has its whole tree'],
    ],
  },
  {
    what: "A pg pool hands a waiting query another request's trace",
    tests: [
      ['concurrency.test.ts', 'each signed one has a tree of its own'],
      ['versions/expected.ts', 'waiting'],
    ],
  },
  {
    what: 'The same in pools of mysql2',
    tests: [
      ['concurrency.test.ts', 'callbacks on a connection that another request opened'],
      ['versions/expected.ts', 'waiting'],
    ],
  },
  {
    what: 'The SQL that is recorded has the values in it',
    tests: [
      ['drivers.test.ts', 'without OSTRACE_TRACE_SQL no statement is stored'],
      ['secrets.test.ts', 'by default no secret reaches an event'],
    ],
  },
  {
    what: "The context is lost in `req.on('end')` and `res.on('finish')`",
    tests: [['http-server.test.ts', 'in timers and in the events of request and response']],
  },
  {
    what: 'Hostile trace headers',
    tests: [
      ['hostile.test.ts', 'name, ()'],
      ['hostile-processes.test.ts', 'a server answers every hostile request'],
      ['off-and-idle.test.ts', 'a request that triggers nothing gets the same response'],
    ],
  },
  {
    what: 'Comparing signatures throws; ids are no UUIDs; a header replays for ever',
    tests: [
      ['signing.test.ts', 'refuses hostile headers of any type and size without throwing'],
      ['signing.test.ts', 'traces only what names its trace by UUIDs'],
      ['header-age.test.ts', 'only headers that prove to be fresh trigger a trace'],
    ],
  },
  {
    what: 'The collector is down',
    tests: [
      ['store-down.test.ts', 'a store that comes back gets what happened meanwhile too'],
      ['store-down.test.ts', 'the next process delivers what a process had to leave'],
      ['store-down.test.ts', 'what fits neither into the store nor into the spool'],
      ['store-down.test.ts', 'while a store hangs'],
      ['ways-out.test.ts', 'what does not fit is counted and reported'],
      ['faults.test.ts', 'fault.name'],
    ],
  },
  {
    what: '"Disabled" still loads and patches',
    tests: [['off-and-idle.test.ts', 'the preload is all that is loaded, nothing is patched']],
  },
  {
    what: 'Adding a header throws with `Expect` or a list of headers',
    tests: [
      ['http-client.test.ts', 'each way to ask is one point, and the server is told that point'],
      ['http2.test.ts', 'the server is told that point where it may be'],
    ],
  },
  {
    what: 'Two points for one operation',
    tests: [
      ['loading/command-line.test.ts', 'the agent starts once, and each call is one point'],
      ['loading/folders.test.ts', 'two copies of each driver in two folders'],
      ['loading/caches.test.ts', 'each call is one point'],
    ],
  },
  {
    what: 'Module hooks cost a thread, and warn',
    tests: [
      ['idle-modules.test.ts', 'no module hook is registered, no thread started'],
      ['off-and-idle.test.ts', 'costs no worker, storage, event or file'],
      ['applications/other-agents.test.ts', 'loaded before ours and after it, both record all'],
    ],
    but: 'Neither `module.register` nor `module.registerHooks` is called at all.',
  },
  {
    what: 'Return values change their identity',
    tests: [
      ['idle-modules.test.ts', 'no export replaced'],
      ['parity/pg-promises.cjs', 'exports.cases'],
      ['parity/mysql2-queries.cjs', 'exports.cases'],
      ['api.test.ts', 'what a function returns is the very object'],
    ],
  },
  {
    what: '`util.promisify(exec)`, Bluebird, a replaced `global.Promise`',
    tests: [
      ['parity/child-exec.cjs', 'promisif'],
      ['parity/pg-promises.cjs', 'luebird'],
    ],
  },
  {
    what: "A listener of ours swallows the application's `error`",
    tests: [
      ['parity.test.ts', parity],
      ['parity/child-process.cjs', 'error'],
    ],
  },
  {
    what: 'Cursors, streams and pipelining of pg',
    tests: [['parity/pg-streams.cjs', 'exports.cases']],
  },
  {
    what: 'Aborted and streamed HTTP ends once',
    tests: [
      ['http-server.test.ts', 'a request that the client aborts stops once'],
      ['http2.test.ts', 'a request that the client cancels stops once'],
    ],
  },
  {
    what: 'Upgrades and CONNECT never end',
    tests: [
      ['handshakes.test.ts', 'is a point that ends with its answer, and goes on as without the agent'],
      ['handshakes.test.ts', 'a `CONNECT` is a point that ends with its answer'],
    ],
  },
  {
    what: 'A captured context pins memory; a listener for each request on a socket',
    tests: [
      ['soak.test.ts', 'nothing is left of them'],
      ['nothing-left.test.ts', 'connections that stay open keep no listener and no contexts'],
      ['worker-threads.test.ts', 'a thread that is gone leaves nothing behind in its trace'],
    ],
  },
  {
    what: "The end of the process is no longer the application's",
    tests: [
      ['ways-out.test.ts', 'all is stored, and the application ends as without the agent'],
      ['ways-out.test.ts', 'listeners of the application are counted as without the agent'],
    ],
  },
  {
    what: 'Short scripts lose their last points',
    tests: [['ways-out.test.ts', 'all is stored, and the application ends as without the agent']],
  },
  {
    what: 'A start without a stop, events out of order, cycles, duplicates',
    tests: [
      ['report.test.ts', 'a report comes out where Python fails'],
      ['report.test.ts', 'events in any order, stored twice, give the same tree'],
      ['report.test.ts', 'members of a circle of parents become roots'],
    ],
  },
  {
    what: 'Headers are added to signed requests, or sent to third parties',
    tests: [
      ['http-client.test.ts', 'signed headers go to local hosts by default'],
      ['destinations.test.ts', 'every client is held to the same table'],
      ['proxies.test.ts', 'a forward proxy reads no signed header'],
      ['http2.test.ts', 'the server is told that point where it may be'],
    ],
  },
  {
    what: 'Credentials in URLs',
    tests: [
      ['masking.test.ts', 'is masked in a query'],
      ['secrets.test.ts', 'by default no secret reaches an event'],
    ],
  },
  {
    what: 'Literals in SQL',
    tests: [
      ['sql.test.ts', 'a statement of a megabyte is masked'],
      ['secrets.test.ts', 'masking leaves no literal of a statement'],
    ],
  },
  {
    what: 'Secrets in arguments of commands',
    tests: [
      ['secrets.test.ts', 'by default no secret reaches an event'],
      ['child-process.test.ts', 'arguments are recorded where they are asked for'],
    ],
  },
  {
    what: "The collector's own traffic is traced",
    tests: [
      ['store-down.test.ts', 'storing traces is no part of a trace'],
      ['worker-threads.test.ts', 'nobody is told of the exporter’s own thread'],
    ],
  },
  {
    what: 'Where the preload runs in a thread',
    tests: [['threads-and-processes.test.ts', 'the threads in which the agent is on are those of the table']],
  },
  {
    what: 'No trace is carried into a thread',
    tests: [
      ['worker-threads.test.ts', 'is one point with its main'],
      ['parity/worker-inside.cjs', 'a thread made of text'],
    ],
  },
  {
    what: 'Child processes: the environment, the synchronous calls, package managers',
    tests: [
      ['child-process.test.ts', 'takes part, through a shell and a package manager too'],
      ['parity/child-sync.cjs', 'exports.cases'],
    ],
  },
  {
    what: '`pg.native` is touched; `pg/lib/client` is loaded by itself',
    tests: [['parity/pg-surface.cjs', 'native']],
  },
  {
    what: '`process.getBuiltinModule`, a cleared or missing `require.cache`',
    tests: [['loading/caches.test.ts', 'each call is one point']],
  },
  {
    what: 'TypeScript that is run as it is',
    tests: [
      ['applications/typescript.test.ts', ': the whole tree'],
      ['loading/loaders.test.ts', 'has its whole tree'],
    ],
  },
  {
    what: 'Bundled applications get nothing, silently',
    tests: [
      ['doctor.test.ts', 'a driver in a bundle is told of once'],
      ['applications/bundles.test.ts', 'a bundle by esbuild'],
    ],
  },
  {
    what: 'Start-up grows with each instrumentation',
    tests: [['off-and-idle.test.ts', 'enabled, the same check sees the patches']],
  },
  {
    what: 'Enabled but not triggered is not free',
    tests: [
      ['off-and-idle.test.ts', 'costs no worker, storage, event or file'],
      ['off-and-idle.test.ts', 'all is put away after the last one'],
    ],
  },
  {
    what: 'Wrappers lose name, length and properties',
    tests: [
      ['parity/http-surface.cjs', 'flags of the exports'],
      ['parity/pg-surface.cjs', 'exports.cases'],
      ['parity/mysql2-surface.cjs', 'exports.cases'],
    ],
  },
  {
    what: 'HTTP/2 is not traced',
    tests: [['http2.test.ts', 'a signed request is a']],
  },
  {
    what: 'Wall clocks jump',
    tests: [
      ['clock.test.ts', 'moves no point of a trace that runs'],
      ['clock.test.ts', "begins at the wall clock's time"],
    ],
  },
  {
    what: 'Types of optional packages, a switch for each instrumentation',
    tests: [
      ['types.test.ts', 'compiles against the whole API, and runs'],
      ['package.test.ts', 'no declaration needs the types'],
      ['config.test.ts', 'each instrumentation has a switch'],
    ],
  },
];

/**
 * The rows of the page.
 *
 * @throws Error where a test that is named is not there
 */
export function pitfallRows(): (readonly string[])[] {
  return pitfalls.map(({ what, tests, but = '' }, i) => {
    if (tests.length === 0) throw new Error(`pitfall ${i + 1} has no test`);
    const links = tests.map(([file, name]) => {
      const path = `test/${file}`;
      if (!readFileSync(join(projectFolder, path), 'utf8').includes(name)) {
        throw new Error(`pitfall ${i + 1}: ${path} has no test with "${name}" in its name`);
      }
      return name === 'exports.cases' ? `[${file}](../${path})` : `[${file}](../${path}): ${name}`;
    });
    return [String(i + 1), what, links.join('<br>'), but];
  });
}
