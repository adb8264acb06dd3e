// The page for one trace in a real browser: clicks and keys, on a desk and on a phone, light and dark.
// needs: chromium
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { Page } from 'playwright-core';

import { assertAccessible, assertNoSidewaysScroll, open as openPage, sizes } from './fixtures/browser.js';
import { hostileText, hostileTrace } from './fixtures/odd-traces.js';
import { writePage } from './fixtures/page-files.js';
import { largeTrace, slowOrder } from './fixtures/page-traces.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-page-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const order = writePage(folder, 'order', slowOrder.events);

/** Opens the page of a trace, and waits until its rows are there. */
async function open(...args: Parameters<typeof openPage>): ReturnType<typeof openPage> {
  const opened = await openPage(...args);
  await opened.page.locator('.row.chosen').waitFor();
  return opened;
}

const chosen = (page: Page) => page.locator('.row.chosen');
const titleOf = async (page: Page): Promise<string> =>
  (await chosen(page).locator('.title').innerText()).trim();
const rowCount = async (page: Page): Promise<number> =>
  Number(await page.getByRole('treegrid').getAttribute('aria-rowcount')) - 1;

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the ${size} in ${colorScheme}: axe finds nothing, closed and open`, async () => {
      const { page } = await open(order, { viewport, colorScheme, bypassCSP: true });
      await assertAccessible(page);
      await page.keyboard.press('Enter');
      await page.locator('.row').first().click();
      await page.getByRole('heading', { name: 'Facts' }).waitFor();
      await assertAccessible(page);
      await page.keyboard.press('Escape');
      await page.keyboard.press('b');
      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'Keys' }).waitFor();
      await assertAccessible(page);
    });
  }

  test(`the ${size}: a finding leads to its row, and the row to its details`, async () => {
    const { page, assertQuiet } = await open(order, { viewport });
    const several = page.locator('.others .more');
    await several.click();
    await page.getByRole('button', { name: /24 × select stars.*one after the other/ }).click();
    assert.match(await titleOf(page), /^24 × select stars/);
    if (size === 'phone') await chosen(page).click();
    const panel = page.getByRole('complementary');
    await panel.getByText('189 ms').first().waitFor();
    await panel.getByText('Each of the 24').waitFor();
    await panel.locator('.code', { hasText: 'reviews' }).first().waitFor();
    assert.match(await panel.locator('.finding').innerText(), /one query with a list or a join/);
    await panel.getByRole('button', { name: 'Close' }).click();
    assert.equal(await panel.count(), 0);
    assertQuiet();
  });

  test(`the ${size}: a part of the bar leads to its row`, async () => {
    const { page, assertQuiet } = await open(order, { viewport });
    await page.locator('.part', { hasText: 'event loop blocked' }).click();
    assert.match(await titleOf(page), /^event loop blocked/);
    assert.equal(await page.locator('.part.picked').count(), 1);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.part.picked').count(), 0);
    assertQuiet();
  });

  test(`the ${size}: only the critical path, by its button`, async () => {
    const { page } = await open(order, { viewport });
    const before = await rowCount(page);
    const button = page.getByRole('button', { name: 'Critical path' });
    await button.click();
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    assert.ok((await rowCount(page)) < before);
    assert.equal(await page.getByText('thread src/kilometres.mjs').count(), 0);
    await button.click();
    assert.equal(await rowCount(page), before);
  });
}

test('the keys of rows move the choice and the focus, open and close', async () => {
  const { page, assertQuiet } = await open(order);
  await page.keyboard.press('j');
  await page.locator('.row.chosen:focus').waitFor();
  await page.keyboard.press('Home');
  await page.locator('#row-0:focus').waitFor();
  assert.match(await titleOf(page), /^GET \/orders\/4217/);
  await page.keyboard.press('ArrowRight');
  assert.match(await titleOf(page), /^GET sess:4217/);
  await page.keyboard.press('ArrowDown');
  assert.match(await titleOf(page), /^showOrder/);
  const open_ = await rowCount(page);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await chosen(page).getAttribute('aria-expanded'), 'false');
  assert.ok((await rowCount(page)) < open_);
  await page.keyboard.press('ArrowLeft');
  assert.match(await titleOf(page), /^GET \/orders\/4217/);
  await page.keyboard.press('End');
  assert.match(await titleOf(page), /^showOrder/);
  await page.keyboard.press('ArrowRight');
  assert.equal(await rowCount(page), open_);
  await page.keyboard.press('O');
  assert.equal(await rowCount(page), 3);
  await page.keyboard.press('o');
  assert.ok((await rowCount(page)) > 24 + open_ - 2);
  assertQuiet();
});

test('the keys of findings, failures, search and looks', async () => {
  const { page, assertQuiet } = await open(order);
  await page.keyboard.press('2');
  await page.keyboard.press('1');
  assert.match(await titleOf(page), /^event loop blocked/);
  await page.keyboard.press('e');
  const first = await titleOf(page);
  await page.keyboard.press('e');
  assert.notEqual(await titleOf(page), first);
  await page.keyboard.press('E');
  assert.equal(await titleOf(page), first);
  await page.keyboard.press('/');
  await page.keyboard.type('pick-path');
  await page.getByText('1 found').waitFor();
  await page.keyboard.press('Enter');
  assert.match(await titleOf(page), /^\/usr\/bin\/pick-path/);
  assert.equal(await page.locator('.row.hit').count(), 1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('t');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.keyboard.press('b');
  await page.getByRole('button', { name: 'Colour: service' }).waitFor();
  const advice = page.locator('.advice');
  assert.ok(await advice.isVisible());
  await page.keyboard.press('v');
  assert.ok(!(await advice.isVisible()));
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('v');
  assert.ok(!(await advice.isVisible()), 'keys work behind an open dialog');
  await page.keyboard.press('Escape');
  assertQuiet();
});

test('letters do nothing in a field, nor with Ctrl', async () => {
  const { page } = await open(order);
  await page.keyboard.press('/');
  await page.keyboard.type('tvcb');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'light');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+b');
  assert.ok(await page.getByRole('button', { name: 'Colour: kind' }).isVisible());
});

test('zooming: keys, the minimap, and what lies outside tells where it is', async () => {
  const { page, assertQuiet } = await open(order);
  const isZoomed = (is: boolean) =>
    page.locator(`button:text-is("Fit"):${is ? 'enabled' : 'disabled'}`).waitFor();
  await isZoomed(false);
  await page.keyboard.press('1');
  await page.keyboard.press('z');
  await isZoomed(true);
  await page.locator('.edge.before').first().waitFor();
  const bar = await chosen(page).locator('.bar.blocked').boundingBox();
  const line = await page.locator('.axis').boundingBox();
  assert.ok(bar!.width > 0.8 * line!.width, 'the row fills the width');
  await page.keyboard.press('0');
  await isZoomed(false);
  const map = (await page.getByRole('slider').boundingBox())!;
  await page.mouse.move(map.x + map.width * 0.2, map.y + 10);
  await page.mouse.down();
  await page.mouse.move(map.x + map.width * 0.5, map.y + 10, { steps: 4 });
  await page.mouse.up();
  await isZoomed(true);
  const [from, to] = (await page.getByRole('slider').getAttribute('aria-valuetext'))!
    .match(/\d+(?=\s)/g)!
    .map(Number);
  assert.ok(Math.abs(from! - 171) < 12 && Math.abs(to! - 428) < 12, `${from} to ${to}`);
  assertQuiet();
});

test('a link shows the same view again', async () => {
  const { page } = await open(order);
  await page.keyboard.press('3');
  await page.keyboard.press('+');
  await page.keyboard.press('c');
  await page.keyboard.press('b');
  await page.waitForURL(/by=service/);
  const link = page.url();
  const title = await titleOf(page);
  const window = await page.getByRole('slider').getAttribute('aria-valuetext');
  const { page: again } = await open(link);
  assert.equal(await titleOf(again), title);
  assert.equal(await again.getByRole('slider').getAttribute('aria-valuetext'), window);
  assert.equal(
    await again.getByRole('button', { name: 'Critical path' }).getAttribute('aria-pressed'),
    'true',
  );
  assert.ok(await again.getByRole('button', { name: 'Colour: service' }).isVisible());
});

test('no width needs scrolling to the side', async () => {
  const { page } = await open(order);
  for (const width of [390, 680, 900, 1180, 1440, 1800, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    await page.keyboard.press('Escape');
    await page.locator('.row').first().click();
    await page.getByRole('complementary').waitFor();
    await assertNoSidewaysScroll(page);
    await page.getByRole('button', { name: 'Close' }).click();
    await assertNoSidewaysScroll(page);
  }
});

test('hostile text in every field runs nothing and asks nobody', async () => {
  const long = `${hostileText} ${'x'.repeat(20_000)}`;
  for (const [name, text] of Object.entries({ hostile: hostileText, long, proto: '__proto__' })) {
    const url = writePage(folder, name, hostileTrace(text));
    const { page, assertQuiet } = await open(url);
    await page.keyboard.press('o');
    await page.locator('.row').nth(4).waitFor();
    const rows = await page.locator('.row').count();
    for (let row = 0; row < rows; row++) {
      const line = page.locator('.row').nth(row);
      await line.click({ position: { x: 300, y: 10 } });
      if (/\bgap\b/.test((await line.getAttribute('class')) ?? '')) continue;
      const isOpen = await page.locator('details').getAttribute('open');
      if (isOpen === null) await page.locator('summary').click();
      await page.locator('details pre').waitFor();
    }
    await assertNoSidewaysScroll(page);
    assert.equal(await page.locator('img').count(), 0);
    // What turns the direction of writing, or means something to nobody, is shown as a mark.
    const shown = await page.locator('body').innerText();
    assert.deepEqual(shown.match(/[^\P{C}\n\t]/gu), null);
    assertQuiet();
  }
});

test('code that gets into the page does not run, and the page cannot send anything', async () => {
  const { page } = await open(order);
  const outcome = await page.evaluate(async () => {
    const { document, fetch } = globalThis as unknown as {
      document: {
        body: { innerHTML: string; append(element: unknown): void };
        createElement(name: string): { textContent: string; src: string };
      };
      fetch: (url: string) => Promise<unknown>;
      ran?: boolean;
    };
    const refused: string[] = [];
    try {
      document.body.innerHTML += '<img src=x onerror="ran = true">';
    } catch {
      refused.push('innerHTML');
    }
    const script = document.createElement('script');
    try {
      script.textContent = 'ran = true';
      document.body.append(script);
    } catch {
      refused.push('script');
    }
    await fetch('http://127.0.0.1:1/').catch(() => refused.push('fetch'));
    return { refused, ran: (globalThis as unknown as { ran?: boolean }).ran ?? false };
  });
  assert.deepEqual(outcome, { refused: ['innerHTML', 'script', 'fetch'], ran: false });
});

test('50,000 points: only those in sight exist, and the far end is right', async () => {
  const url = writePage(folder, 'large', largeTrace(50_000));
  const { page, assertQuiet } = await open(url);
  await page.keyboard.press('o');
  assert.equal(await rowCount(page), 50_001);
  await page.keyboard.press('End');
  await page.locator('.row.chosen:focus[aria-rowindex="50002"]').waitFor();
  assert.match(await titleOf(page), /^insert into lines8/);
  assert.ok((await page.locator('.row').count()) < 80);
  const box = (await chosen(page).boundingBox())!;
  assert.ok(box.y > 300 && box.y < 800, `the last row is at ${box.y}`);
  await page.keyboard.press('e');
  assert.match(await chosen(page).innerText(), /Error/);
  assertQuiet();
});
