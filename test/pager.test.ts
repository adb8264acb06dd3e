// The pager, on a real terminal.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';

import { ostrace, store } from './fixtures/command.js';
import { base_id, shopTrace } from './fixtures/events.js';
import { noTerminal, onTerminal } from './fixtures/terminal.js';

const skip = noTerminal;
const noLess = noTerminal || (spawnSync('less', ['--version']).error === undefined ? false : 'needs less');

const show = (context: TestContext, ...args: readonly string[]): string[] => {
  const { connection } = store(context, shopTrace());
  return ['trace', 'show', base_id, '--connection-string', connection, ...args];
};

const paged = { PAGER: 'sed s/^/paged:/' };
const isPaged = (text: string): boolean => text.includes('paged:');

test('what is longer than the terminal goes to $PAGER, what fits does not', { skip }, async (context) => {
  const long = await onTerminal(show(context), { rows: 10, env: paged });
  assert.equal(long.code, 0);
  const lines = long.text.trimEnd().split('\n');
  assert.ok(lines.length > 10 && lines.every((line) => line.startsWith('paged:')), long.text);
  const fits = await onTerminal(show(context), { rows: lines.length + 1, env: paged });
  assert.deepEqual(
    [fits.code, isPaged(fits.text), fits.text.trimEnd().split('\n').length],
    [0, false, lines.length],
  );
  const lastHidden = await onTerminal(show(context), { rows: lines.length, env: paged });
  assert.equal(isPaged(lastHidden.text), true, 'the prompt needs a line too');
});

test('$OSTRACE_PAGER goes before $PAGER, and may be a line for the shell', { skip }, async (context) => {
  const env = { ...paged, OSTRACE_PAGER: 'sed "s/^/mine:/" | cat' };
  const { text } = await onTerminal(show(context), { rows: 10, env });
  assert.deepEqual([isPaged(text), text.startsWith('mine:')], [false, true]);
});

const without: readonly (readonly [string, Record<string, string>, readonly string[]])[] = [
  ['--no-pager', {}, ['--no-pager']],
  ['TERM=dumb', { TERM: 'dumb' }, []],
  ['CI', { CI: 'true' }, []],
  ['a pager without a name', { OSTRACE_PAGER: '' }, []],
];
for (const [name, env, args] of without) {
  test(`there is no pager with ${name}`, { skip }, async (context) => {
    const { code, text } = await onTerminal(show(context, ...args), { rows: 5, env: { ...paged, ...env } });
    assert.deepEqual([code, isPaged(text)], [0, false]);
    assert.match(text, /Cart\.total/);
  });
}

test('there is no pager where stdout is no terminal', async (context) => {
  const { stdout } = await ostrace(show(context), { env: { ...paged, TERM: 'xterm' } });
  assert.equal(isPaged(stdout), false);
});

for (const pager of ['no-such-pager', 'no-such-pager "-x" | cat; exit 127']) {
  test(`a pager that cannot be started is done without: ${pager}`, { skip }, async (context) => {
    const { code, text } = await onTerminal(show(context), { rows: 5, env: { PAGER: pager } });
    assert.equal(code, 0);
    assert.equal(text.match(/Cart\.total/g)?.length, 1, text);
  });
}

test('a pager that is quit early is no error', { skip }, async (context) => {
  const points = Array.from({ length: 3000 }, (_, i) => ({ ...shopTrace()[0]!, trace_id: `p${i}` }));
  const { connection } = store(context, points);
  const args = ['trace', 'show', base_id, '--unfold', '--connection-string', connection];
  const { code, text } = await onTerminal(args, { rows: 5, env: { PAGER: 'head -n 2' } });
  assert.deepEqual([code, text.trimEnd().split('\n').length], [0, 2], text);
});

test('less shows colours, and q ends it', { skip: noLess }, async (context) => {
  let typed = false;
  const { code, text } = await onTerminal(show(context), {
    rows: 10,
    onText(so_far, type) {
      if (typed || !so_far.includes('TypeError')) return;
      typed = true;
      type('q');
    },
  });
  assert.deepEqual([code, typed], [0, true], text);
  assert.ok(text.includes('\u001b[1m'), 'bold');
  assert.equal(text.includes('ESC['), false);
  assert.equal(text.includes('Cart.total'), false, 'the second page was not seen');
});
