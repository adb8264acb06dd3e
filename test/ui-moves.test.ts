// People move on in `ostrace ui`: the page that they left does nothing more, and nothing is asked for that nobody needs.
// needs: chromium
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { Page } from 'playwright-core';

import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { drawn, open, working } from './fixtures/browser.js';
import { save, store } from './fixtures/command.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { startUi } from './fixtures/ui.js';

const request = (second: number, path: string, trace = newId()): Event[] =>
  eventsOf({
    name: 'wsgi',
    id: newId(),
    trace,
    start: second * 1e6,
    stop: second * 1e6 + 20_000,
    startInfo: { request: { method: 'GET', path } },
    stopInfo: { response: { status_code: 200 } },
  });

async function show(t: TestContext, events: readonly Event[], hash = ''): Promise<Page> {
  const { connection } = store(t, events);
  const ui = await startUi(t, ['--connection-string', connection], { OSTRACE_HMAC_KEYS: 'k' });
  const { page } = await open(ui.address + hash, {}, (address) => address.startsWith(ui.address));
  return page;
}

const moveTo = (page: Page, hash: string): Promise<unknown> =>
  page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
const rowsIn = (page: Page) => page.locator('.l-row[data-id]');

/** Counts the pages of the list that are asked for. */
function countPages(page: Page): () => number {
  let count = 0;
  page.on('request', (asked) => {
    if (new URL(asked.url()).pathname === '/api/traces') count++;
  });
  return () => count;
}

/** Holds back the answers at an address. `came` resolves with the first request, and `answer` lets the last one go on. */
async function hold(
  page: Page,
  address: string,
): Promise<{ readonly came: Promise<void>; readonly answer: () => void }> {
  let release = (): void => {};
  let tell = (): void => {};
  const came = new Promise<void>((resolve) => {
    tell = resolve;
  });
  await page.route(address, async (route) => {
    await new Promise<void>((resolve) => {
      release = resolve;
      tell();
    });
    await route.continue();
  });
  return { came, answer: () => release() };
}

test('another trace begins anew: neither the error nor the zoom of the last one stays', async (t) => {
  const [a, b] = [newId(), newId()];
  const page = await show(t, [...shopTrace(a), ...shopTrace(b)], `#trace=${newId()}`);
  await page.getByRole('heading', { name: 'This trace cannot be shown' }).waitFor();
  await working(page, /^This trace cannot be shown · ostrace$/);
  await moveTo(page, `trace=${a}`);
  await page.locator('.row.chosen').waitFor();
  await working(page, /^GET .* · ostrace$/);
  await page.keyboard.press('+');
  await page.waitForURL(/&b=/);
  await moveTo(page, `trace=${b}`);
  await page.waitForTimeout(600);
  assert.equal(new URL(page.url()).hash, `#trace=${b}`);
});

/** Presses a key within a script of the page, so that what follows in the script comes before any timer. */
const press = (key: string): string =>
  `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true }));`;

// On a busy page, the timer comes due after the address has changed and before `hashchange`.
for (const [which, busyMs] of [
  ['an idle page', 0],
  ['a busy page', 400],
] as const) {
  test(`${which} does not write a waiting change of the view over another address`, async (t) => {
    const id = newId();
    const page = await show(t, shopTrace(id), `#trace=${id}`);
    await page.locator('.row.chosen').waitFor();
    await drawn(page);
    await page.evaluate(press('b'));
    await page.waitForURL(/&by=service/);
    const beBusy = `for (const from = performance.now(); performance.now() < from + ${busyMs}; );`;
    await page.evaluate(`${press('b')} setTimeout(() => { location.hash = 'q=status:2xx' }, 20); ${beBusy}`);
    await rowsIn(page).first().waitFor();
    await page.waitForTimeout(400);
    assert.equal(new URL(page.url()).hash, '#q=status:2xx');
  });
}

test('a link that is copied has the change that waits for its place in the address', async (t) => {
  const id = newId();
  const page = await show(t, shopTrace(id), `#trace=${id}`);
  await page.locator('.row.chosen').waitFor();
  await drawn(page);
  // Browsers may refuse the clipboard to a test.
  await page.evaluate(`navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }`);
  await page.evaluate(press('b') + press('y'));
  assert.equal(
    await page.evaluate('globalThis.copied'),
    `${new URL(page.url()).origin}/#trace=${id}&by=service`,
  );
});

test('the way back leads to the view as it was left', async (t) => {
  const [a, b] = [newId(), newId()];
  const page = await show(t, [...shopTrace(a), ...request(100, '/cart', b)], `#compare=${a},${b}`);
  await page.locator('.b-line').first().waitFor();
  await drawn(page);
  await page.evaluate(press('End') + press('b'));
  await page.waitForURL((url) => url.hash.startsWith(`#trace=${b}`));
  await page.goBack();
  await page.waitForURL(/&step=\d+$/);
});

test('a part that is picked stays so until people move to another trace', async (t) => {
  const [a, b] = [newId(), newId()];
  const page = await show(t, [...shopTrace(a), ...shopTrace(b)], `#trace=${a}`);
  await page.locator('.row.chosen').waitFor();
  await drawn(page);
  const picked = page.locator('.bar-of-parts.has-pick');
  await page.locator('.key button').first().click();
  await page.mouse.move(0, 0);
  await drawn(page);
  assert.equal(await picked.count(), 1);
  await page.evaluate(`document.querySelector('.bar-of-parts').dataset.trace = 'a'`);
  await moveTo(page, `trace=${b}`);
  await page.locator('.bar-of-parts:not([data-trace])').waitFor();
  await page.locator('.bar-of-parts .part').first().hover();
  await picked.waitFor();
  await page.mouse.move(0, 0);
  await drawn(page);
  assert.equal(await picked.count(), 0);
});

test("a trace that has grown since it was read shows no other point's events", async (t) => {
  const id = newId();
  const { connection } = store(t, shopTrace(id));
  const ui = await startUi(t, ['--connection-string', connection]);
  const { page } = await open(`${ui.address}#trace=${id}&panel=1`, {}, (address) =>
    address.startsWith(ui.address),
  );
  await page.locator('.row.chosen').waitFor();
  await drawn(page);
  save(connection, request(0, '/late', id));
  // The server forgets the state that the page shows.
  await ui.ask(`/api/traces/${id}`);
  await page.keyboard.press('Home');
  await page
    .locator('.panel')
    .getByText('this trace has changed since it was read: reload the page')
    .waitFor();
  assert.equal(await page.locator('.panel').getByText('Raw events').count(), 0);
  await page.reload();
  await page.locator('.panel').getByText('Raw events').waitFor();
});

test('the panel shows no events of the point that stood in its row before the trace grew', async (t) => {
  const id = newId();
  // Of about now, so that the page looks whether it grows; of one moment, so that no finding is about a gap.
  const timestamp = new Date(Date.now() + 15_000).toISOString().replace('Z', '000');
  const requestNow = (path: string): Event[] =>
    request(0, path, id).map((event) => ({ ...event, timestamp }));
  const { connection } = store(t, requestNow('/one'));
  const ui = await startUi(t, ['--connection-string', connection]);
  const { page } = await open(`${ui.address}#trace=${id}&panel=1`, {}, (address) =>
    address.startsWith(ui.address),
  );
  const panel = page.locator('.panel');
  await panel.getByText('Raw events').waitFor();
  const held = await hold(page, '**/events/*');
  // The first row is now that of both requests together.
  save(connection, requestNow('/other'));
  await panel.getByRole('heading', { name: 'the whole trace' }).waitFor();
  await held.came;
  await drawn(page);
  assert.equal(await panel.getByText('Raw events').count(), 0);
  held.answer();
  await panel.getByText('Raw events').waitFor();
});

test('another view of the same trace is shown, and is not written over', async (t) => {
  const id = newId();
  const page = await show(t, shopTrace(id), `#trace=${id}`);
  await page.locator('.row.chosen').waitFor();
  await moveTo(page, `trace=${id}&view=table&by=service`);
  await page.getByRole('tab', { name: 'Table', selected: true }).waitFor();
  await drawn(page);
  await page.keyboard.press('b');
  await page.waitForURL((url) => !url.hash.includes('by='));
  assert.equal(new URL(page.url()).hash, `#trace=${id}&view=table`);
});

test('a dialog that is left open is not open on the next page, nor when people return', async (t) => {
  const id = newId();
  const page = await show(t, shopTrace(id));
  await rowsIn(page).first().waitFor();
  for (const [key, heading] of [
    ['s', 'Send a signed request'],
    ['?', 'Keys'],
  ] as const) {
    await drawn(page);
    await page.keyboard.press(key);
    await page.getByRole('heading', { name: heading }).waitFor();
    await moveTo(page, `trace=${id}`);
    await page.locator('.row.chosen').waitFor();
    assert.equal(await page.locator('dialog[open]').count(), 0);
    await moveTo(page, '');
    await rowsIn(page).first().waitFor();
    assert.equal(await page.locator('dialog[open]').count(), 0);
  }
});

test('a request that is awaited does not pull anybody back who has left', async (t) => {
  const id = newId();
  const page = await show(t, shopTrace(id));
  await rowsIn(page).first().waitFor();
  // As a server answers that has sent a request for this trace.
  await page.route('**/api/requests/*', (route) =>
    route.fulfill({ json: { base_id: id, state: 'waiting' } }),
  );
  const held = await hold(page, '**/api/rows?*');
  await moveTo(page, `sent=${id}`);
  await held.came;
  await moveTo(page, 'q=status:2xx');
  await rowsIn(page).first().waitFor();
  held.answer();
  await page.waitForTimeout(600);
  assert.equal(new URL(page.url()).hash, '#q=status:2xx');
});

test('a filter that takes only old traces does not load its page again and again', async (t) => {
  const events = Array.from({ length: 60 }, (_, second) => request(second, second === 0 ? '/rare' : '/cart'));
  const page = await show(t, events.flat());
  const pages = countPages(page);
  await moveTo(page, 'q=route:/rare');
  await page.getByText('1 found in all of 60').waitFor();
  const before = pages();
  await page.waitForTimeout(5000);
  assert.equal(pages(), before);
});

test('a page without a match is the last that is read unasked', async (t) => {
  const events = Array.from({ length: 2100 }, (_, i) => request(i, i === 2099 ? '/rare' : '/cart'));
  const page = await show(t, events.flat());
  const pages = countPages(page);
  await moveTo(page, 'q=route:/rare');
  const further = page.getByRole('button', { name: 'Look further back' });
  await further.waitFor();
  const before = pages();
  await page.waitForTimeout(1500);
  assert.equal(pages(), before);
  await further.click();
  await page.getByText('1 found in').waitFor();
  await page.waitForTimeout(500);
  assert.equal(pages(), before + 1);
});
