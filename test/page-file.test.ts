// The page of a trace as one file: what is in it, and that a browser shows it.
// needs: chromium
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { open } from './fixtures/browser.js';
import { ostrace, store } from './fixtures/command.js';
import { scratch } from './scenario.js';
import { slowOrder } from './fixtures/page-traces.js';

test('--html --out writes one file, which a browser shows without asking anybody', async (context) => {
  const { connection } = store(context, slowOrder.events);
  const file = join(scratch(context), 'trace.html');
  const args = ['trace', 'show', slowOrder.base_id, '--html', '--out', file];
  const end = await ostrace([...args, '--connection-string', connection]);
  assert.equal(end.stderr, '');
  assert.equal(end.code, 0);
  const { page, assertQuiet } = await open(pathToFileURL(file).href);
  await page.getByRole('heading', { name: /^GET \/orders\/:id 200/ }).waitFor();
  assertQuiet();
});
