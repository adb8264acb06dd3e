// Requests as bytes, sent to a server under the agent and to the same one without: both must answer alike.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { type Arbitrary, array, constantFrom, nat, oneof, record, sample, tuple, uuid } from 'fast-check';

import { signIds } from '../../src/trace/signing.js';
import { key, on, preload, scenario } from '../scenario.js';
import { anyText, mutated } from './mutations.js';

interface RawRequest {
  readonly base_id: string;
  readonly text: string;
  /** The two headers that it was made from, as they have to be there for a trace. */
  readonly info: string;
  readonly hmac: string;
}

const infoName = mutated(constantFrom('X-Trace-Info', 'x-trace-info', 'X-TRACE-INFO'), 1);
const hmacName = mutated(constantFrom('X-Trace-HMAC', 'x-trace-hmac'), 1);
const separator = oneof(
  { weight: 3, arbitrary: constantFrom(': ', ':', ':\t  ') },
  { weight: 1, arbitrary: constantFrom(' : ', ':\r\n ', ':\r\n\t', ':\n ') },
);
const times = oneof(
  { weight: 6, arbitrary: constantFrom(1) },
  { weight: 1, arbitrary: constantFrom(0, 2, 50, 900) },
);

/** Where the placeholder stands the signed text is put in, so that every other one is as it was signed. */
const around = oneof(
  { weight: 2, arbitrary: constantFrom('\u0001') },
  { weight: 2, arbitrary: mutated(constantFrom('\u0001'), 1) },
  {
    weight: 1,
    arbitrary: constantFrom('\u0001'.repeat(60), `\u0001, \u0001`, ` \u0001\t`, '\u0001\r\n ', '"\u0001"'),
  },
  {
    weight: 1,
    arbitrary: tuple(anyText, nat(8000)).map(([text, size]) => `${text}\u0001`.padEnd(size, 'A')),
  },
);

const other: Arbitrary<string> = oneof(
  mutated(
    constantFrom(
      'Accept: */*',
      'Cookie: a=b',
      'Expect: 100-continue',
      'X-Trace: 1',
      'Trailer: X-Trace-Info',
      'X: é\u00ff',
    ),
    1,
  ),
  anyText,
  nat(2500).map((count) => Array.from({ length: count }, (_, i) => `h${i}:`).join('\r\n')),
  nat(20_000).map((size) => `X-Long: ${'a'.repeat(size)}`),
);

const startLine = mutated(
  constantFrom(
    'GET /x HTTP/1.1',
    'GET /x HTTP/1.1',
    'HEAD /x HTTP/1.1',
    'GET http://u:p@h/x?token=1 HTTP/1.0',
    'OPTIONS * HTTP/1.1',
  ),
  1,
);
const body = constantFrom(
  '',
  '',
  'Content-Length: 3\r\n\r\nabc',
  'Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trace-Info: \u0001\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
);

/** A request whose headers are as signed, or nearly; by a key that the server knows, or not. */
function rawRequest(signer: string): Arbitrary<RawRequest> {
  return record({
    base_id: uuid(),
    startLine: oneof(
      { weight: 4, arbitrary: constantFrom('GET /x HTTP/1.1') },
      { weight: 1, arbitrary: startLine },
    ),
    info: tuple(infoName, separator, around, times),
    hmac: tuple(hmacName, separator, around, times),
    others: array(other, { maxLength: 2 }),
    body,
  }).map(({ base_id, startLine: first, info, hmac, others, body: rest }) => {
    const signed = signIds(base_id, base_id, signer);
    const field = ([name, colon, value, count]: [string, string, string, number], text: string): string[] =>
      Array.from({ length: count }, () => name + colon + value.replaceAll('\u0001', () => text));
    const lines = [
      first,
      'Host: x',
      'Connection: close',
      ...others,
      ...field(info, signed.info),
      ...field(hmac, signed.hmac),
    ];
    const text = `${lines.join('\r\n')}\r\n${rest === '' ? '\r\n' : rest.replace('\u0001', signed.info)}`;
    return { base_id, text, ...signed };
  });
}

interface Server {
  readonly port: number;
  readonly child: ChildProcess;
  stderr(): string;
}

async function startServer(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Server> {
  const child = spawn(process.execPath, [...args, scenario('idle-server.cjs')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { port: Number(line), child, stderr: () => stderr };
}

/** What came back on a connection. */
interface Exchange {
  readonly answer: string;
  /** The server ended it: nothing of the answer is missing. */
  readonly isWhole: boolean;
}

/** Sends bytes and reads until the server ends the connection, or has nothing more to say. */
function exchange(port: number, text: string): Promise<Exchange> {
  return new Promise((resolve) => {
    let answer = '';
    let isWhole = false;
    const socket = connect(port, '127.0.0.1');
    // A request that is not complete gets no answer.
    socket.setTimeout(2000, () => socket.destroy());
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => (isWhole = true)).on('error', () => {});
    socket.on('close', () => resolve({ answer: answer.replace(/^Date: .*\r\n/gim, ''), isWhole }));
    socket.end(Buffer.from(text, 'latin1'));
  });
}

const ownEmit = /^x-own-emit: true\r\n/im;

/**
 * What Node reads at once. It refuses a longer request without having read all of it: the system then resets
 * the connection, on which the client may lose the answer, in part or as a whole.
 */
const readBytes = 65_536;

interface Compared {
  readonly isTraced: boolean;
  /** A connection was reset before its answer came, each time. */
  readonly isLost: boolean;
}

/** Both servers must answer alike, but for what tells that the request is traced. */
async function compare(tracedPort: number, barePort: number, text: string, where: string): Promise<Compared> {
  let isTraced = false;
  for (let left = 5; left > 0; left--) {
    const [got, expected] = await Promise.all([exchange(tracedPort, text), exchange(barePort, text)]);
    const untraced = got.answer.replace(ownEmit, 'x-own-emit: false\r\n');
    isTraced ||= untraced !== got.answer;
    if (got.isWhole && expected.isWhole) assert.equal(untraced, expected.answer, where);
    const isSame = untraced === expected.answer && untraced !== '';
    if (isSame || (got.isWhole && expected.isWhole)) return { isTraced, isLost: false };
  }
  return { isTraced, isLost: true };
}

/**
 * Sends generated requests and checks that the agent changes no answer; gives how many were traced.
 *
 * @param store a folder for traces
 */
export async function checkRequests(seed: number, count: number, store: string): Promise<number> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(OSTRACE|NODE)_/.test(name)),
  );
  const traced = await startServer(['--require', preload], {
    ...clean,
    ...on,
    OSTRACE_EXIT_TIMEOUT: '20000',
    OSTRACE_CONNECTION_STRING: `file://${store}`,
  });
  const bare = await startServer([], clean);
  const ask = async (path: string): Promise<string> =>
    (
      await exchange(traced.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    ).answer.split('\r\n\r\n')[1] ?? '';
  const ended = once(traced.child, 'close') as Promise<[number | null]>;
  const accepted = new Set<string>();
  const signed = new Set<string>();
  let large = 0;
  let lost = 0;
  try {
    for (const signer of ['a key of somebody else', key]) {
      const requests = sample(rawRequest(signer), { seed, numRuns: Math.ceil(count / 2) });
      for (const [i, { base_id, text, info, hmac }] of requests.entries()) {
        const where = `request ${i} of seed ${seed}: ${JSON.stringify(text.slice(0, 800))}`;
        if (signer === key && text.includes(info) && text.includes(hmac)) signed.add(base_id);
        const { isTraced, isLost } = await compare(traced.port, bare.port, text, where);
        if (text.length >= readBytes) large++;
        if (isLost) lost++;
        assert.ok(!isLost || text.length >= readBytes, `no answer: ${where}`);
        if (!isTraced) continue;
        assert.ok(signed.has(base_id), `traced unasked: ${where}`);
        accepted.add(base_id);
      }
      if (signer === key) continue;
      const state: unknown = JSON.parse(await ask('/state'));
      assert.deepEqual(state, { entered: 0, disabled: 0, workers: 0, listeners: 0 }, `seed ${seed}`);
    }
    assert.ok(lost <= large / 2, `${lost} answers to ${large} large requests were lost`);
    await Promise.all([ask('/end'), exchange(bare.port, 'GET /end HTTP/1.0\r\n\r\n')]);
    const [code] = await ended;
    assert.deepEqual([code, traced.stderr(), bare.stderr()], [0, '', '']);
  } finally {
    traced.child.kill('SIGKILL');
    bare.child.kill('SIGKILL');
  }
  checkStore(store, accepted, signed);
  return accepted.size;
}

/** A file for each request that was seen to be traced; where an answer was lost there may be one too. */
function checkStore(store: string, accepted: ReadonlySet<string>, signed: ReadonlySet<string>): void {
  const files = (existsSync(store) ? readdirSync(store) : []).filter((name) => name.endsWith('.jsonl'));
  const ids = files.map((file) => file.replace('.jsonl', ''));
  assert.ok(
    [...accepted].every((id) => ids.includes(id)),
    'a trace was not stored',
  );
  assert.ok(
    ids.every((id) => signed.has(id)),
    'something is stored that no key asked for',
  );
  for (const file of files) {
    const lines = readFileSync(join(store, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    for (const line of lines) JSON.parse(line);
    assert.equal(lines.length % 2, 0, 'a point that did not stop');
  }
}
