// What runs over other people's texts takes a time that grows with the length of a text, and not with its square.
// Each function gets texts of each kind, of one length and of sixteen times that. Then the time is sixteen times as
// long, or 256 times with the square; the limit is between them, four times away from either. It is the
// processor's time, which others on the machine hardly change: nothing counts the steps of a regular expression.
// needs: time
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { addVariables } from '../instrumentations/child-environment.js';
import { readConfig } from '../src/config/config.js';
import { parseBroker } from '../src/drivers/rabbitmq/url.js';
import { endsEarly } from '../src/drivers/connection-mask.js';
import { masked, openDriver, schemeOf, splitConnections } from '../src/drivers/index.js';
import { DriverError } from '../src/drivers/driver.js';
import { linesOf } from '../src/drivers/file/lines.js';
import { parseAddress, settingsOf } from '../src/drivers/http/address.js';
import { HttpError, cutToLine } from '../src/drivers/http/errors.js';
import { parseRedisUrl } from '../src/drivers/redis/url.js';
import { ReplyReader } from '../src/drivers/redis/resp.js';
import { storeKey } from '../src/export/spool-names.js';
import { destinations } from '../src/propagation/destinations.js';
import { loadedAmong } from '../src/diagnosis/findings.js';
import { mayCarry } from '../src/propagation/recipients.js';
import type { AgentPort } from '../src/hooks/port.js';
import { databaseFailure, maskLiterals } from '../src/redaction/sql.js';
import { requestTarget } from '../src/redaction/url.js';
import { clean, safeJson } from '../src/report/format.js';
import { stringifyPerfetto } from '../src/report/formats/perfetto.js';
import { buildReport } from '../src/report/report.js';
import { stringifyReport } from '../src/report/json.js';
import { renderTree } from '../src/report/text.js';
import { buildTree } from '../src/report/tree.js';
import { rootContext } from '../src/trace/context.js';
import { verifyHeaders } from '../src/trace/headers.js';
import { newId } from '../src/trace/ids.js';
import { whyRefused } from '../src/trace/refusal.js';
import { stringifyInfo } from '../src/trace/info.js';
import { oneLine } from '../src/trace/notice.js';
import { parseEvent, parseTimestamp } from '../src/trace/parse.js';
import { beginTrace } from '../src/trace/trace.js';
import { base_id, eventsOf } from './fixtures/events.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-linear-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'lines.jsonl');

const quiet = (body: () => unknown): void => {
  try {
    body();
  } catch {
    // It refuses the text, which is fine.
  }
};
const settings: DriverSettingsLike = {
  filterErrorTrace: false,
  project: 'p',
  service: 's',
  host: 'h',
  transportUrl: undefined,
  keepFor: undefined,
  keepSize: undefined,
};
type DriverSettingsLike = Parameters<typeof openDriver>[1];
const none: ReadonlySet<string> = new Set();
const isLocal = destinations(['local', '*.example.org']);
const context = rootContext(beginTrace(newId(), 'key'), newId());
const child = { environment: () => ({}), processVariables: () => ({ A: '1' }) } as unknown as AgentPort;
const error = (message: string, code = 'ER_X'): Error => Object.assign(new Error(message), { code });
const event = eventsOf({ name: 'p', id: '1', start: 1 })[0]!;

/** Each function that sees what others wrote. */
const functions: Readonly<Record<string, (text: string) => unknown>> = {
  'an error of PostgreSQL': (text) => databaseFailure(error(text), none, { traceSqlParams: false }),
  'an error about names': (text) =>
    databaseFailure(error(text, 'X'), new Set(['X']), { traceSqlParams: false }),
  'an error of MySQL': (text) =>
    databaseFailure(error(`Duplicate entry '${text}' for key 'k'`), none, { traceSqlParams: false }),
  'a statement of PostgreSQL': (text) => maskLiterals(text, 'postgresql'),
  'a statement of MySQL': (text) => maskLiterals(text, 'mysql'),
  'a path': (text) => requestTarget(`/${text}`),
  'a query': (text) => requestTarget(`/?${text}`),
  'a parameter': (text) => requestTarget(`/?a=${text}@&token=x`),
  'a fragment': (text) => requestTarget(`/x#${text}=`),
  'a whole URL': (text) => requestTarget(`http://${text}/%40?x@y`),
  'a host': (text) => isLocal(text),
  'a request’s hosts': (text) =>
    mayCarry(
      { carriesTo: () => true },
      { method: 'GET', path: text, host: text, authorities: [text], peer: text },
    ),
  headers: (text) =>
    verifyHeaders({ 'x-trace-info': text, 'x-trace-hmac': text, 'x-trace-time': text }, ['k', 'l'], 5),
  'refused headers': (text) => whyRefused({ 'x-trace-info': text, 'x-trace-hmac': text }, ['k']),
  'a line of a log': (text) => oneLine(text, 1e9),
  'a line of a report': (text) => clean(text),
  'JSON for people': (text) => safeJson({ text }),
  'what a store says': (text) => new DriverError(text),
  'what a server says': (text) => [cutToLine(text), new HttpError('x', 500, Buffer.from(text))],
  'what a server says in JSON': (text) =>
    new HttpError('x', 400, Buffer.from(JSON.stringify({ error: text }))),
  'a stored line': (text) => parseEvent(text),
  "a stored event's texts": (text) => parseEvent(JSON.stringify({ ...event, info: { text }, service: text })),
  'a timestamp': (text) => parseTimestamp(text),
  'an info': (text) => stringifyInfo({ text, [text]: 1 }),
  'a file of lines': (text) => {
    writeFileSync(file, text);
    return [...linesOf(file)].length;
  },
  'a reply of Redis': (text) => quiet(() => new ReplyReader(() => {}).push(Buffer.from(`+${text}\r\n`))),
  'a reply of Redis in pieces': (text) => {
    const reader = new ReplyReader(() => {});
    quiet(() => {
      for (let i = 0; i < text.length; i += 8)
        reader.push(Buffer.from((i === 0 ? '+' : '') + text.slice(i, i + 8)));
    });
  },
  settings: (text) =>
    readConfig({
      OSTRACE_KEEP_FOR: text,
      OSTRACE_KEEP_SIZE: text,
      OSTRACE_ENABLED: text,
      OSTRACE_HMAC_KEYS: text,
    }),
  'a connection string': (text) => readConfig({ OSTRACE_CONNECTION_STRING: `redis+x://${text}` }),
  'what is shown of a connection string': (text) => [
    masked(text),
    masked(`redis://${text}`),
    masked(`file:${text}`),
    schemeOf(text),
    splitConnections(text),
    endsEarly(text),
    storeKey(`a://${text}`),
  ],
  'an address': (text) => {
    quiet(() => parseRedisUrl(`redis://${text}`));
    quiet(() => parseBroker(`rabbit://${text}`));
    quiet(() => settingsOf(parseAddress(`otlp://${text}`, 'otlp'), 'otlp', []));
    for (const scheme of ['postgresql', 'mysql', 'influxdb', 'zipkin', 'mongodb']) {
      quiet(() => openDriver(`${scheme}://${text}`, settings));
    }
  },
  'the file of a module': (text) => loadedAmong(['pg'], [text, `/x/node_modules/${text}`]),
  'a command': (text) => {
    addVariables({ file: text, args: ['sh', '-c', text], envPairs: [`A=${text}`] }, child, context)();
  },
};

// What stands alone may be followed by what makes all that came before wrong.
const pieces = [
  ['a', 'A1', '1', ' ', '\t', '\n', '\r\n', '\\', '\u0000', 'é', '😀', '\ud800', '\u202e'],
  [
    "'",
    '"',
    '«',
    '„',
    '”',
    '`',
    "''",
    '""',
    "a'b ",
    "can't ",
    '$',
    '$a',
    '$a$',
    '_a ',
    "E'",
    '/*',
    '*/',
    '--',
    '#',
  ],
  ['(', ')', '[', ']', '{', '}', ')=(', 'contains (', "' for key '", 'row 1', '1e5', '.5', '1,', '(1,'],
  [
    '/',
    '//',
    ':/',
    ':',
    '@',
    '?',
    '&',
    '=',
    ';',
    ',',
    '.',
    '-',
    '+',
    '~',
    '*',
    '%',
    '%2',
    '%25',
    '%2f',
    '%252f',
    '%3d',
    '%40',
    '%u0040',
    '":',
    '%22%20',
  ],
  [
    'a=',
    '=a',
    '&a',
    ';a=',
    'a@',
    '@a',
    'token',
    'key',
    '-key',
    'eyJ',
    'eyJa.',
    '%7eyJ',
    'x://',
    ',x://',
    ' sudo',
    'su;',
  ],
  [
    'node_modules/',
    '/node_modules',
    '\\node_modules\\',
    'a:1',
    ':1',
    '0.',
    '{"a":',
    '[[',
    'AWS4-',
    'Key (a)=',
  ],
].flat();

const sizes = [1 << 13, 1 << 17] as const;
const smallMicros = 4000;
const most = 64;

function micros(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user;
}

/** How many times as long sixteen times the text takes, of the best of several tries; 0 where that is nothing to measure. */
function growth(
  run: (text: string) => unknown,
  make: (length: number) => string,
  // A machine may be busy for a while.
  tries = 10,
): number {
  const [short, long] = sizes.map((size) => make(size)) as [string, string];
  // Below that it is the collection of garbage which is measured.
  let [shorter, longer, times] = [Infinity, Infinity, Infinity];
  for (let i = 0; i < tries && times > most; i++) {
    longer = Math.min(
      longer,
      micros(() => run(long)),
    );
    if (longer < smallMicros) return 0;
    shorter = Math.min(
      shorter,
      micros(() => run(short)),
    );
    times = longer / Math.max(shorter, smallMicros / 5);
  }
  return times;
}

for (const [what, run] of Object.entries(functions)) {
  test(`${what}: the time grows with the length`, async () => {
    for (const piece of pieces) {
      for (const [before, behind] of [
        ['', ''],
        ['', '\u0001!'],
        ['a', 'a'],
      ] as const) {
        const make = (length: number): string =>
          before + piece.repeat(Math.ceil(length / piece.length)) + behind;
        let grown = growth(run, make);
        // What the engine does meanwhile is measured too: a time that grows in truth does so again.
        for (let again = 0; again < 4 && grown > most; again++) {
          await delay(250);
          grown = growth(run, make);
        }
        assert.ok(
          grown <= most,
          `${JSON.stringify(before + piece)}… takes ${grown.toFixed(1)} times as long`,
        );
      }
    }
  });
}

test('the tree and the report of a trace take a time that grows with its points', () => {
  const shapes: Readonly<Record<string, (i: number) => { id: string; parent?: string }>> = {
    siblings: (i) => ({ id: `${i}` }),
    'a chain': (i) => ({ id: `${i}`, ...(i > 0 && { parent: `${i - 1}` }) }),
    'one id': () => ({ id: 'same' }),
    'parents that are missing': (i) => ({ id: `${i}`, parent: `none ${i}` }),
    'a circle': (i) => ({ id: `${i}`, parent: `${i + 1}` }),
  };
  for (const [shape, place] of Object.entries(shapes)) {
    const run = (text: string): void => {
      const events = Array.from({ length: text.length / 16 }, (_, i) =>
        eventsOf({ name: 'p', start: i, stop: i + 1, trace: base_id, ...place(i) }),
      ).flat();
      for (const line of renderTree(buildTree(events), { width: 100, colour: false })) void line;
      for (const part of stringifyReport(buildReport(events))) void part;
      for (const part of stringifyPerfetto(buildTree(events))) void part;
    };
    const grown = growth(run, (length) => 'x'.repeat(length));
    assert.ok(grown <= most, `${shape}: ${grown.toFixed(1)} times as long`);
  }
});

test('the check sees what grows with the square, and not what grows with the length', () => {
  const filler = (length: number): string => 'a'.repeat(length);
  const square = (text: string): number => {
    let sum = 0;
    for (let i = 0; i < text.length; i++) {
      for (let j = i; j < text.length; j += 16) sum += text.charCodeAt(j);
    }
    return sum;
  };
  assert.ok(growth(square, filler, 2) > most);
  const straight = (text: string): void => {
    for (let times = 0; times < 10; times++) text.replaceAll('a', 'bb');
  };
  const grown = growth(straight, filler);
  assert.ok(grown > 0, 'it is too fast to be measured');
  assert.ok(grown <= most, `${grown}`);
});
