// The formats of `ostrace request --show` and `run --show`, whose stdout has something else already.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { verify } from '../src/trace/signing.js';
import { type End, isProblem, ostrace, save, store } from './fixtures/command.js';
import { eventsOf } from './fixtures/events.js';
import { scratch } from './scenario.js';

const key = 'formats-test-key';

/** Sends a request to a server that answers with hello, and that stores a trace of it. */
async function request(context: TestContext, ...args: string[]): Promise<End> {
  const { connection } = store(context);
  const server = createServer(({ headers }, response) => {
    const trigger = verify(headers['x-trace-info'], headers['x-trace-hmac'], [key]);
    const point = { name: 'wsgi', id: 'in', start: 0, stop: 2000, trace: trigger!.base_id };
    save(connection, eventsOf({ ...point, startInfo: { request: { method: 'GET', path: '/' } } }));
    response.end('hello\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const to = `http://127.0.0.1:${port}/`;
  return ostrace(['request', '--profile', key, '--connection-string', connection, ...args, to]);
}

const begins: Readonly<Record<string, RegExp>> = {
  perfetto: /^\{"traceEvents"/,
  otlp: /^\{"resourceSpans"/,
  dot: /^digraph/,
  html: /^<!doctype html>/i,
  markdown: /^\*\*`GET \/`\*\* took/,
};
for (const [format, begin] of Object.entries(begins)) {
  test(`request --show --${format} --out writes the trace into a file, and the response to stdout`, async (context) => {
    const file = join(scratch(context), 'trace');
    const end = await request(context, '--show', `--${format}`, '--out', file);
    assert.deepEqual([end.code, end.stdout.trimEnd()], [0, 'hello']);
    assert.match(readFileSync(file, 'utf8'), begin);
  });
}

test('Markdown is for people, and may follow the response', async (context) => {
  const end = await request(context, '--show', '--markdown');
  assert.equal(end.code, 0);
  assert.match(end.stdout, /^hello\n\n\*\*`GET \/`\*\* took/);
});

test('--out without a format has the tree', async (context) => {
  const file = join(scratch(context), 'trace.txt');
  assert.equal((await request(context, '--show', '--out', file)).code, 0);
  assert.match(readFileSync(file, 'utf8'), /HTTP in {2}GET \//);
});

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [['--show', '--perfetto'], /stdout has the response; give --perfetto a file by --out, or --open/],
  [['--perfetto', '--out', 'x'], /--perfetto is about the trace, which --show prints; give --show too/],
  [['--out', 'x'], /--out is about the trace, which --show prints; give --show too/],
  [['--open'], /--open is about the trace, which --show prints; give --show too/],
  [['--show', '--dot', '--otlp', '--out', 'x'], /--otlp and --dot are different formats/],
  [['--show', '--json'], /Unknown option '--json'/],
];
for (const [args, message] of wrong) {
  test(`nothing is sent or run with ${args.join(' ')}`, async () => {
    isProblem(await ostrace(['request', ...args, 'http://127.0.0.1:1/']), message);
    const ofRun = new RegExp(message.source.replace('the response', 'what the program prints'));
    isProblem(await ostrace(['run', ...args, '--', process.execPath, '-e', 'console.log(1)']), ofRun);
  });
}
