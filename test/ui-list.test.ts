// The list of `ostrace ui` and its form, as people use them in a browser.
// needs: agent chromium redis
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import type { Page } from 'playwright-core';

import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { assertAccessible, assertNoSidewaysScroll, open, sizes, working } from './fixtures/browser.js';
import { save, store } from './fixtures/command.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { patiently } from './fixtures/patiently.js';
import { openProxy } from './fixtures/proxy.js';
import { redisUrl } from './fixtures/redis-server.js';
import { type Ui, startUi } from './fixtures/ui.js';
import { modulePreload, scenario } from './scenario.js';

interface Made {
  readonly path?: string;
  readonly method?: string;
  readonly status?: number;
  readonly millis?: number;
  readonly second?: number;
  readonly service?: string;
}

const made = (
  base_id: string,
  { path = '/cart', method = 'GET', status = 200, millis = 20, second = 0, service }: Made = {},
): Event[] =>
  eventsOf({
    name: 'wsgi',
    id: newId(),
    trace: base_id,
    start: second * 1e6,
    stop: second * 1e6 + millis * 1000,
    startInfo: { request: { method, path } },
    stopInfo: { response: { status_code: status } },
    ...(service !== undefined && { service }),
  });

interface Shown {
  readonly page: Page;
  readonly ui: Ui;
  readonly connection: string;
  assertQuiet(): void;
}

const isOwn = (ui: Ui) => (address: string) => address.startsWith(ui.address);

async function show(
  t: TestContext,
  events: readonly Event[],
  options: Parameters<typeof open>[1] = {},
): Promise<Shown> {
  const { connection } = store(t, events);
  const ui = await startUi(t, ['--connection-string', connection], { OSTRACE_HMAC_KEYS: 'k' });
  const { page, assertQuiet } = await open(ui.address, options, isOwn(ui));
  return { page, ui, connection, assertQuiet };
}

const rowsIn = (page: Page) => page.locator('.l-row[data-id]');
const shownIds = (page: Page): Promise<string[]> =>
  rowsIn(page).evaluateAll((rows) =>
    rows.map((row) => (row as unknown as { dataset: { id: string } }).dataset.id),
  );

const untilRows = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction(`document.querySelectorAll('.l-row[data-id]').length === ${count}`);

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${size}, ${colorScheme}: by keys and by clicks, and nothing keeps anybody out`, async (t) => {
      const ids = Array.from({ length: 12 }, newId);
      const events = ids.flatMap((base_id, i) =>
        made(base_id, {
          second: i,
          path: i % 2 === 0 ? '/cart' : '/orders',
          millis: 20 + i,
          status: i === 3 ? 503 : 200,
        }),
      );
      const { page } = await show(t, events, { viewport, colorScheme, bypassCSP: true });
      await rowsIn(page).first().waitFor();
      assert.deepEqual(await shownIds(page), ids.toReversed());
      await assertAccessible(page);
      await assertNoSidewaysScroll(page);

      // Down, down, up, marked; the third, marked; compared.
      for (const key of ['j', 'j', 'ArrowDown', 'k', 'x', 'j', 'x']) await page.keyboard.press(key);
      assert.equal(await page.locator('.l-row.marked').count(), 2);
      await page.getByText('Compare the two marked (c)').waitFor();
      await page.keyboard.press('c');
      await page.waitForURL(/#compare=/);
      assert.equal(new URL(page.url()).hash, `#compare=${ids[10]}%2C${ids[9]}`);
      await working(page, /^A .* · ostrace$/);
      await page.goBack();
      await working(page, /^Traces · /);
      await rowsIn(page).first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('route:/orders ');
      await untilRows(page, 6);
      await page.keyboard.type('status:5xx');
      await untilRows(page, 1);
      assert.deepEqual(await shownIds(page), [ids[3]]);
      await page.keyboard.press('Enter');
      assert.equal(await page.locator('.l-token').count(), 2);
      await page.keyboard.press('Backspace');
      assert.equal(await page.locator('#filter').inputValue(), 'status:5xx');
      await page.keyboard.type('0');
      await page.locator('#filter-problem').waitFor();
      await assertAccessible(page);
      await page.keyboard.press('Escape');
      await page.getByLabel('Remove route:/orders').click();
      await untilRows(page, 12);

      await page.getByRole('button', { name: 'Send a signed request' }).click();
      await page.locator('#command').fill('curl http://shop.example/x');
      await page.getByText('not allowed', { exact: true }).waitFor();
      assert.ok(await page.getByRole('button', { name: 'Send and show its trace' }).isDisabled());
      await assertAccessible(page);
      await assertNoSidewaysScroll(page);
      await page.keyboard.press('Escape');

      await rowsIn(page).first().locator('a').click();
      await page.waitForURL(new RegExp(`#trace=${ids[11]}`));
      await page.locator('h1').getByText('GET').waitFor();
    });
  }
}

test('nothing scrolls sideways, however wide the window is', async (t) => {
  const long = 'x'.repeat(300);
  const events = [
    ...made(newId(), { path: `/${long}`, service: long }),
    ...made(newId(), { path: '/a b', method: long }),
  ];
  const { page } = await show(t, events);
  for (const width of [390, 680, 900, 1180, 1440, 1800, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    await rowsIn(page).first().waitFor();
    await assertNoSidewaysScroll(page);
  }
});

test('hostile text in every field is shown as text', async (t) => {
  const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e\u0007\ud800"'&__proto__`;
  const events = eventsOf({
    name: 'wsgi',
    id: newId(),
    trace: newId(),
    start: 0,
    stop: 5000,
    service: hostile,
    startInfo: { request: { method: hostile, path: hostile, query: hostile } },
    stopInfo: {
      request: { route: hostile },
      response: { status_code: 500 },
      etype: hostile,
      message: hostile,
    },
  });
  const { page, assertQuiet } = await show(t, [...events, ...shopTrace(newId())]);
  await rowsIn(page).first().waitFor();
  const row = rowsIn(page).filter({ hasText: 'onerror' });
  assert.match((await row.textContent()) ?? '', /<img src=x onerror="alert\(1\)"><script>/);
  assert.equal(await page.locator('.l-row img, .l-row script').count(), 0);
  const shown = (await row.textContent()) ?? '';
  assert.ok(!shown.includes('\u202e') && !shown.includes('\u0007'));
  await page.goto(`${page.url().split('#')[0]}#q=${encodeURIComponent(hostile.replace('\ud800', ''))}`);
  await page.keyboard.press('x');
  await page.waitForTimeout(500);
  assertQuiet();
});

test('new traces come by themselves, and wait where somebody reads', async (t) => {
  const ids = Array.from({ length: 60 }, newId);
  const { page, connection, assertQuiet } = await show(
    t,
    ids.flatMap((base_id, second) => made(base_id, { second })),
  );
  await rowsIn(page).first().waitFor();
  const first = newId();
  save(connection, made(first, { second: 100 }));
  await page.locator(`.l-row[data-id="${first}"]`).waitFor();
  assert.equal((await shownIds(page))[0], first);

  await page.keyboard.press('j');
  const before = await shownIds(page);
  save(connection, made(newId(), { second: 101 }));
  await page.getByRole('button', { name: '1 new' }).waitFor();
  assert.deepEqual(await shownIds(page), before, 'nothing has moved');
  await page.getByRole('button', { name: '1 new' }).click();
  assert.notEqual((await shownIds(page))[0], first);

  await page.getByRole('button', { name: 'Live' }).click();
  const late = newId();
  save(connection, made(late, { second: 102 }));
  await page.waitForTimeout(3000);
  assert.equal(await page.locator(`.l-row[data-id="${late}"]`).count(), 0);
  await page.keyboard.press('l');
  await page.locator(`.l-row[data-id="${late}"]`).waitFor();
  assertQuiet();
});

test('the end of the list brings the next page, and only the rows in the window are in the page', async (t) => {
  const ids = Array.from({ length: 170 }, newId);
  const { folder, connection } = store(
    t,
    ids.flatMap((base_id, second) => made(base_id, { second })),
  );
  // A folder's pages go by the files' times, and the clock of files may give many of them one.
  for (const [second, id] of ids.entries()) utimesSync(join(folder, `${id}.jsonl`), second, second);
  const ui = await startUi(t, ['--connection-string', connection]);
  const { page, assertQuiet } = await open(ui.address, {}, isOwn(ui));
  await rowsIn(page).first().waitFor();
  const last = page.locator(`.l-row[data-id="${ids[0]}"]`);
  for (const until = Date.now() + 20_000; Date.now() < until && (await last.count()) === 0;) {
    await page.evaluate(`document.querySelector('.l-list').scrollTo(0, 1e6)`);
    await page.waitForTimeout(250);
  }
  await last.waitFor();
  assert.equal(await last.getAttribute('aria-rowindex'), '171', 'below the head and all others');
  assert.ok((await rowsIn(page).count()) < 80);
  await page.getByText('170 of 170 loaded').waitFor();
  assertQuiet();
});

test('an empty store says how to make a first trace, and opens it', async (t) => {
  const { page, connection } = await show(t, [], { bypassCSP: true });
  await page.getByRole('heading', { name: 'No trace yet' }).waitFor();
  await assertAccessible(page);
  const first = newId();
  save(connection, shopTrace(first));
  await page.waitForURL(new RegExp(`#trace=${first}`));
});

test('a filter that nothing matches names its conditions, and drops the last', async (t) => {
  const { page } = await show(t, made(newId()));
  await rowsIn(page).first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('service:shop status:404 ');
  await page.getByText('None of 1 traces has service:shop and status:404.').waitFor();
  await page.getByRole('button', { name: 'Drop the last condition' }).click();
  await rowsIn(page).first().waitFor();
  await page.waitForURL(/#q=service%3Ashop$/);
  await page.keyboard.press('/');
  await page.keyboard.type('status:many ');
  const wrong = page.locator('#filter-problem');
  await wrong.waitFor();
  await page.waitForTimeout(3000);
  assert.match(
    (await wrong.textContent()) ?? '',
    /"status:many" is no condition/,
    'it stays while new traces are asked for',
  );
  assert.equal(await rowsIn(page).count(), 1);
});

test('a queue says that it has no list, and is not asked for one', async (t) => {
  const ui = await startUi(t, ['--connection-string', 'amqp://guest:guest@127.0.0.1:1/']);
  const { page } = await open(ui.address, {}, isOwn(ui));
  await page.getByRole('heading', { name: 'This store has no list' }).waitFor();
  await page.waitForTimeout(2500);
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('a store that goes away is said so, the rows stay, and it comes back by itself', async (t) => {
  const { hostname, port } = new URL(redisUrl);
  const proxy = await openProxy(t, hostname, Number(port || 6379));
  const connection = `redis://127.0.0.1:${proxy.port}/13`;
  const ui = await startUi(t, ['--connection-string', connection]);
  const { page } = await open(ui.address, {}, isOwn(ui));
  await page.getByRole('heading', { name: 'No trace yet' }).waitFor();
  await proxy.cut();
  await page.getByRole('alert').waitFor();
  assert.match((await page.getByRole('alert').textContent()) ?? '', /127\.0\.0\.1/);
  assert.ok(await page.getByRole('heading', { name: 'No trace yet' }).isVisible());
  await proxy.open();
  await page.getByRole('alert').waitFor({ state: 'detached' });
});

test('a trace that cannot be read again stays, and says so until it can', async (t) => {
  const id = newId();
  const timestamp = new Date().toISOString().replace('Z', '000');
  const events = made(id).map((event) => ({ ...event, timestamp }));
  const { folder, connection } = store(t, events);
  const ui = await startUi(t, ['--connection-string', connection]);
  const { page } = await open(`${ui.address}#trace=${id}`, {}, isOwn(ui));
  await page.locator('.about').getByText('1 point').waitFor();
  await rename(folder, `${folder}-away`);
  await page.getByRole('alert').getByText('New points may be missing').waitFor();
  assert.ok(await page.locator('.about').getByText('1 point').isVisible());
  await rename(`${folder}-away`, folder);
  await page.getByRole('alert').waitFor({ state: 'detached' });
});

test('a pasted command is sent to a traced service, and its trace is shown as it grows', async (t) => {
  const { connection } = store(t);
  const app = await tracedApp(t, connection);
  const ui = await startUi(t, ['--connection-string', connection], { OSTRACE_HMAC_KEYS: 'k' });
  const { page } = await open(ui.address, {}, isOwn(ui));
  await page.getByRole('heading', { name: 'No trace yet' }).waitFor();
  await page.keyboard.press('s');
  await page
    .locator('#command')
    .fill(`curl 'http://localhost:${app.port}/slow' -H 'accept: */*' --compressed`);
  await page.getByRole('button', { name: 'Send and show its trace' }).click();
  await page.waitForURL(/#trace=[\da-f-]{36}$/);
  // It opens with what there is, and the rest comes by itself.
  await page.locator('.about').getByText('1 unfinished').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('step');
  await page.getByText(/^[1-9]\d* found$/).waitFor();
  await fetch(`http://localhost:${app.port}/go`);
  await page.locator('.about').getByText('5 points').waitFor();
  await page.locator('.about').getByText('unfinished').waitFor({ state: 'detached' });
  // What is searched for is found in the new points too.
  const rows = page.locator('.row', { hasText: '/step' });
  const hits = page.locator('.row.hit');
  const found = await patiently(
    async () => [await rows.count(), await hits.count(), await page.locator('.hits').textContent()] as const,
    ([all, marked, said]) => all >= 4 && marked === all && said === `${all} found`,
  );
  assert.ok(found[0] >= 4);
  assert.deepEqual(found, [found[0], found[0], `${found[0]} found`]);
});

test('the token of the printed address opens the page, also when it is loaded again, and is in no link', async (t) => {
  const { connection } = store(t, shopTrace());
  const ui = await startUi(t, ['--token', '--connection-string', connection]);
  const own = `http://127.0.0.1:${ui.port}/`;
  const { page } = await open(ui.address, {}, (address) => address.startsWith(own));
  await rowsIn(page).first().waitFor();
  assert.ok(!page.url().includes('token'));
  await page.reload();
  await rowsIn(page).first().waitFor();
  const stranger = await open(own, {}, (address) => address.startsWith(own));
  await stranger.page.getByRole('alert').getByText('with its #token=').waitFor();
  assert.equal(await rowsIn(stranger.page).count(), 0);

  // Pasted into the page that is open, it changes only the hash.
  await stranger.page.goto(ui.address);
  await rowsIn(stranger.page).first().waitFor();
  await stranger.page.keyboard.press('/');
  await stranger.page.keyboard.type('service:shop ');
  await stranger.page.waitForURL(/#q=/);
  assert.ok(!stranger.page.url().includes('token'));
});

test('a page of another site gets nothing and sends nothing', async (t) => {
  const { ui } = await show(t, shopTrace());
  const html = `<!doctype html><title>x</title><form method="post" enctype="text/plain" action="${ui.address}api/requests"><input name='{"command":"curl http://localhost:1/","a":"' value='"}'></form><iframe src="${ui.address}"></iframe><img src="${ui.address}api/traces">`;
  const evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  t.after(() => {
    evil.close();
    evil.closeAllConnections();
  });
  evil.listen(0, '127.0.0.1');
  await once(evil, 'listening');
  const { port } = evil.address() as AddressInfo;
  const { page } = await open(`http://localhost:${port}/`, {}, () => true, /^x$/);
  const attempts = `(async (address) => {
    const attempt = async (path, init) => {
      try {
        const response = await fetch(address + path, init);
        return [response.type, response.status, await response.text()].join(' ');
      } catch (error) {
        return error.name;
      }
    };
    const json = { 'content-type': 'application/json', 'x-ostrace': '1' };
    const body = '{"command":"curl http://localhost:1/"}';
    return [
      await attempt('api/traces', {}),
      await attempt('api/traces', { mode: 'no-cors' }),
      await attempt('api/requests', { method: 'POST', body, headers: json }),
      await attempt('api/requests', { method: 'POST', body, mode: 'no-cors' }),
    ];
  })(${JSON.stringify(ui.address)})`;
  const results = await page.evaluate<string[]>(attempts);
  // What is opaque holds nothing; the server has refused it besides.
  for (const result of results) assert.match(result, /^(?:TypeError$|opaque 0 $)/);
  assert.equal(await page.frames()[1]?.evaluate("document.querySelector('#app')"), null);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/api/requests')),
    page.evaluate("document.querySelector('form').submit()"),
  ]);
  assert.equal(answer.status(), 403);
});

/** A service under the agent, which stores into the same place. */
async function tracedApp(t: TestContext, connection: string): Promise<{ readonly port: number }> {
  const child = spawn(process.execPath, ['--import', modulePreload, scenario('ui/slow.cjs')], {
    env: {
      PATH: process.env['PATH'],
      OSTRACE_ENABLED: 'true',
      OSTRACE_HMAC_KEYS: 'k',
      OSTRACE_SERVICE: 'slow',
      OSTRACE_CONNECTION_STRING: connection,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { port: Number(/listening (\d+)/.exec(line)![1]) };
}
