// The other views of a trace in a real browser: flame, table and map of services, on a desk and on a phone.
// needs: chromium
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { Page } from 'playwright-core';

import { assertAccessible, assertNoSidewaysScroll, open, sizes } from './fixtures/browser.js';
import { hostileText, hostileTrace, randomTrace } from './fixtures/odd-traces.js';
import { writePage } from './fixtures/page-files.js';
import { largeTrace, slowOrder } from './fixtures/page-traces.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-views-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const order = writePage(folder, 'order', slowOrder.events);

/** The keys of the views, and their names. */
const keys = { f: 'flame', d: 'table', g: 'services' };

const tab = (page: Page, name: string) => page.getByRole('tab', { name });
const panel = (page: Page) => page.getByRole('complementary');
const lines = (page: Page) => page.locator('.t-line');
const cell = async (page: Page, line: string, column: number): Promise<string> =>
  (await lines(page).filter({ hasText: line }).getByRole('gridcell').nth(column).innerText()).trim();

/** The chosen row of the flame as it is told to those who do not see it. */
const told = async (page: Page): Promise<string> =>
  page
    .locator('.twin [aria-selected="true"]')
    .evaluate((element: { textContent: string }) => element.textContent);

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the ${size} in ${colorScheme}: axe finds nothing in any view`, async () => {
      const { page } = await open(order, { viewport, colorScheme, bypassCSP: true });
      for (const name of ['Flame', 'Table', 'Services']) {
        await tab(page, name).click();
        await page.locator('.flame, .table, .services').waitFor();
        await assertAccessible(page);
      }
    });
  }

  test(`the ${size}: a click on a frame chooses its row and shows its details`, async () => {
    const { page, assertQuiet } = await open(`${order}#view=flame&panel=0`, { viewport });
    const space = (await page.locator('.frames .space').boundingBox())!;
    // The loop was blocked from 444 to 754 ms, in the third line.
    await page.mouse.click(space.x + space.width * 0.7, space.y + 2 * 24 + 10);
    assert.match(await told(page), /^shop event loop blocked.*, 310\sms, from 444\sms to 754\sms/);
    await panel(page).getByText('event loop blocked').first().waitFor();
    assertQuiet();
  });

  test(`the ${size}: a click in the table leads to the rows in the waterfall`, async () => {
    const { page, assertQuiet } = await open(`${order}#view=table&panel=0`, { viewport });
    await lines(page).filter({ hasText: 'select stars' }).click();
    await page.locator('.row.chosen:focus').waitFor();
    assert.match(await page.locator('.row.chosen .title').innerText(), /^24 × select stars/);
    assertQuiet();
  });

  test(`the ${size}: a box of the map shows its row`, async () => {
    const { page, assertQuiet } = await open(`${order}#view=services&panel=0`, { viewport });
    await page.locator('.service-box', { hasText: 'rates' }).click();
    await panel(page).getByText('Quote').first().waitFor();
    await panel(page).getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'stock → mysql' }).click();
    await panel(page).getByText('shelves').first().waitFor();
    assertQuiet();
  });
}

test('a key shows each view, and a link keeps it', async () => {
  const { page, assertQuiet } = await open(order);
  for (const [key, name] of Object.entries(keys)) {
    await page.keyboard.press(key);
    await page.locator(`.${name}`).waitFor();
    await page.waitForURL(new RegExp(`view=${name}`));
  }
  await page.keyboard.press('w');
  await page.locator('.waterfall').waitFor();
  const { page: again } = await open(`${order}#view=table&sort=count`);
  await again.locator('[aria-sort="descending"]', { hasText: 'Count' }).waitFor();
  assertQuiet();
});

test('the keys of the flame move through all rows, and the panel follows', async () => {
  const { page, assertQuiet } = await open(`${order}#view=flame&panel=1`);
  await page.locator('.twin [tabindex="0"]').focus();
  // A focus that leaves with its row comes back after the next frame.
  const followed = (): Promise<void> =>
    page.locator('.twin [aria-selected="true"]:focus').waitFor({ state: 'attached' });
  await page.keyboard.press('Home');
  await followed();
  assert.match(await told(page), /^IN shop GET \/orders\/4217/);
  await page.keyboard.press('ArrowRight');
  assert.match(await told(page), /^RDS shop .*GET sess/);
  await page.keyboard.press('ArrowDown');
  assert.match(await told(page), /^FN shop showOrder/);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.match(await told(page), /waited for a connection/, 'closed rows are open in the flame');
  await panel(page).getByText('waited for a connection').first().waitFor();
  await page.keyboard.press('ArrowLeft');
  assert.match(await told(page), /^SQL shop select id/);
  await page.keyboard.press('End');
  assert.match(await told(page), /renderPage|POST relay/);
  await followed();
  assertQuiet();
});

test('the flame zooms by keys, by the wheel and by a double click, as the waterfall does', async () => {
  const { page, assertQuiet } = await open(`${order}#view=flame&panel=0`);
  const shown = async (): Promise<readonly number[]> =>
    (await page.getByRole('slider').getAttribute('aria-valuetext'))!.match(/[\d.]+(?=\s)/g)!.map(Number);
  const space = (await page.locator('.frames .space').boundingBox())!;
  await page.mouse.dblclick(space.x + space.width * 0.7, space.y + 2 * 24 + 10);
  const [from, to] = await shown();
  assert.ok(from! > 420 && from! < 444 && to! > 754 && to! < 780, `${from} to ${to}`);
  await page.keyboard.press('0');
  await page.mouse.move(space.x + space.width / 2, space.y + 60);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -200);
  await page.keyboard.up('Control');
  await page.getByRole('button', { name: 'Fit' }).click();
  await page.keyboard.press('+');
  assert.ok(await page.getByRole('button', { name: 'Fit' }).isEnabled());
  assertQuiet();
});

test('children that overlap stand in lanes, below what the request waited for', async () => {
  const { page } = await open(`${order}#view=flame&panel=0`);
  const space = (await page.locator('.frames .space').boundingBox())!;
  const lineOf = async (key: string, times: number): Promise<number> => {
    for (let i = 0; i < times; i++) await page.keyboard.press(key);
    return ((await page.locator('.ring').boundingBox())!.y - space.y) / 24;
  };
  await page.locator('.twin [tabindex="0"]').focus();
  await page.keyboard.press('Home');
  assert.equal(await lineOf('Home', 1), 0);
  await page.keyboard.press('/');
  await page.keyboard.type('kilometres');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  const thread = await lineOf('Escape', 1);
  await page.keyboard.press('2');
  const blocked = await lineOf('Escape', 1);
  assert.equal(blocked, 2);
  assert.ok(thread > 4, `the thread is in line ${thread}`);
});

test('what a frame shows on the canvas: its colour on the path, a pale one beside it, the page where none is', async () => {
  const { page } = await open(`${order}#view=flame&panel=0`, { deviceScaleFactor: 1 });
  const pixel = async (x: number, line: number): Promise<readonly number[]> =>
    page.locator('.frames canvas').evaluate(
      (element: unknown, [part, y]: readonly [number, number]) => {
        const canvas = element as {
          width: number;
          getContext(kind: '2d'): {
            getImageData(x: number, y: number, w: number, h: number): { data: ArrayLike<number> };
          };
        };
        return Array.from(
          canvas.getContext('2d').getImageData(Math.round(part * canvas.width), y, 1, 1).data,
        );
      },
      [x, line * 24 + 4] as const,
    );
  assert.deepEqual(await pixel(0.5, 0), [0x1d, 0x35, 0xad, 255]);
  assert.deepEqual(await pixel(0.2, 2), [0xd6, 0x76, 0x13, 255]);
  assert.equal((await pixel(0.6, 5))[3], 0, 'nothing is drawn where no frame is');
});

test('the table is sorted by its heads, and its times sum up to the duration', async () => {
  const { page, assertQuiet } = await open(`${order}#view=table&panel=0`);
  const sorted = page.locator('[aria-sort]');
  assert.match(await sorted.innerText(), /On the path/);
  assert.equal(await sorted.getAttribute('aria-sort'), 'descending');
  assert.match(await lines(page).first().innerText(), /event loop blocked/);
  assert.equal(await cell(page, 'select stars', 1), '24');
  assert.equal(await cell(page, 'select stars', 5), '7.5');
  assert.equal(await cell(page, 'select stars', 6), '7.8');
  assert.equal(await cell(page, 'for update', 7), '1');
  await page.getByRole('button', { name: 'Count' }).click();
  assert.equal(await sorted.getAttribute('aria-sort'), 'descending');
  assert.match(await lines(page).first().innerText(), /select stars/);
  await page.getByRole('button', { name: 'Count' }).click();
  assert.equal(await sorted.getAttribute('aria-sort'), 'ascending');
  await page.getByRole('button', { name: 'What' }).click();
  assert.match(await lines(page).first().innerText(), /\/usr\/bin\/pick-path/);
  assert.match(await page.locator('.sum').innerText(), /839\.4/);
  await page.waitForURL(/sort=what/);
  assertQuiet();
});

test('the keys of the table: the panel follows, Enter leads to the rows', async () => {
  const { page, assertQuiet } = await open(`${order}#view=table&panel=1`);
  await page.locator('.t-line[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  assert.match(await page.locator('.t-line.chosen:focus').innerText(), /event loop blocked/);
  await page.keyboard.press('ArrowDown');
  await panel(page).getByText('Each of the 24').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.row.chosen:focus').waitFor();
  assert.match(await page.locator('.row.chosen .title').innerText(), /^24 × select stars/);
  assertQuiet();
});

test('the map tells who called whom, and its times sum up to the duration', async () => {
  const { page, assertQuiet } = await open(`${order}#view=services&panel=0`);
  const [boxes, calls] = [page.getByRole('table').first(), page.getByRole('table').nth(1)];
  const row = async (table: typeof boxes, name: string): Promise<readonly string[]> =>
    table.getByRole('row').filter({ hasText: name }).getByRole('cell').allInnerTexts();
  assert.deepEqual(await row(boxes, 'postgresql 10.2.0.7:5432/shop'), ['26', '264.8', '32\u00a0%', '0']);
  assert.deepEqual(await row(boxes, 'mysql'), ['2', '51.3', '6.1\u00a0%', '1']);
  assert.deepEqual(await row(calls, 'shop → stock'), ['2', '88.1', '10\u00a0%', '1']);
  assert.deepEqual(await row(calls, 'shop → mailer'), ['1', '0.0', '0.0\u00a0%', '0']);
  const times = await boxes.locator('tbody td:nth-child(3)').allInnerTexts();
  const sum = times.reduce((all, text) => all + Number(text), 0);
  assert.ok(Math.abs(sum - 839.4) < 0.5, `${sum} ms`);
  const names = await page.locator('.service-box .name').allInnerTexts();
  assert.equal(names[0], 'shop');
  assert.equal(names.length, 8);
  const x = async (name: string): Promise<number> =>
    (await page.locator('.service-box', { hasText: name }).first().boundingBox())!.x;
  assert.ok((await x('shop')) < (await x('stock')) && (await x('stock')) < (await x('mysql')));
  assertQuiet();
});

test('times sum up in the table and in the map, whatever the trace is', async () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const url = writePage(folder, `random${seed}`, randomTrace(seed));
    const { page, assertQuiet } = await open(`${url}#view=table&panel=0`);
    const duration = await page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { textContent: string } };
      };
      return (JSON.parse(document.getElementById('trace').textContent) as { duration: number }).duration;
    });
    const columns = await page.locator('.sum [role=gridcell]').allInnerTexts();
    assert.equal(Math.round(Number(columns[2]) * 1000) / 1000, Math.round(duration) / 1000);
    await page.keyboard.press('g');
    await page.locator('.services').waitFor();
    const times = await page.locator('.lists table').first().locator('tbody td:nth-child(3)').allInnerTexts();
    const sum = times.reduce((all, text) => all + Number(text), 0);
    assert.ok(Math.abs(sum - duration / 1000) < 0.06 * times.length, `${sum} of ${duration / 1000} ms`);
    assertQuiet();
  }
});

test('no width needs scrolling to the side in any view', async () => {
  const { page } = await open(order);
  for (const [key, name] of Object.entries(keys)) {
    await page.keyboard.press(key);
    await page.locator(`.${name}`).waitFor();
    for (const width of [390, 680, 900, 1180, 1440, 1800, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      await assertNoSidewaysScroll(page);
    }
  }
});

test('hostile text in every field runs nothing and asks nobody, in any view', async () => {
  const long = `${hostileText} ${'x'.repeat(20_000)}`;
  for (const [name, text] of Object.entries({ hostile: hostileText, long, proto: '__proto__' })) {
    const url = writePage(folder, name, hostileTrace(text));
    const { page, assertQuiet } = await open(url);
    for (const [key, view] of Object.entries(keys)) {
      await page.keyboard.press(key);
      await page.locator(`.${view}`).waitFor();
      await assertNoSidewaysScroll(page);
      assert.equal(await page.locator('img').count(), 0);
    }
    assertQuiet();
  }
});

test('50,000 points in the flame and in the table: only what is in sight exists', async () => {
  const url = writePage(folder, 'large', largeTrace(50_000));
  const { page, assertQuiet } = await open(`${url}#view=flame&panel=0`);
  await page.locator('.twin [tabindex="0"]').focus();
  await page.keyboard.press('End');
  assert.match(await told(page), /insert into lines8/);
  assert.ok((await page.locator('.twin > *').count()) < 40);
  await page.keyboard.press('z');
  const ring = (await page.locator('.ring').boundingBox())!;
  assert.ok(ring.width > 800, `the frame fills the width: ${ring.width}`);
  await page.keyboard.press('d');
  assert.ok((await lines(page).count()) < 60);
  assert.equal(await cell(page, 'insert into lines0', 1), '5000');
  assertQuiet();
});
