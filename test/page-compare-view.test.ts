// Two traces beside each other in a real browser, from a file: clicks and keys, on a desk and on a phone.
// needs: chromium
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { Page } from 'playwright-core';

import { newId } from '../src/trace/ids.js';
import { assertAccessible, assertNoSidewaysScroll, open, sizes, working } from './fixtures/browser.js';
import { ostrace, store } from './fixtures/command.js';
import { fastId, fastOrder } from './fixtures/fast-order.js';
import { hostileText, hostileTrace } from './fixtures/odd-traces.js';
import { writeComparison } from './fixtures/page-files.js';
import { slowOrder } from './fixtures/page-traces.js';
import { startUi } from './fixtures/ui.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-compare-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const orders = writeComparison(folder, 'orders', fastOrder.events, slowOrder.events);

const steps = (page: Page) => page.locator('.b-line');
const ready = (page: Page): Promise<void> => page.getByRole('grid', { name: 'From A to B' }).waitFor();

test('trace diff --html --out writes one file, which a browser shows without asking anybody', async (context) => {
  const { connection } = store(context, [...fastOrder.events, ...slowOrder.events]);
  const file = join(folder, 'diff.html');
  const args = ['trace', 'diff', fastId, slowOrder.base_id, '--html', '--out', file];
  const end = await ostrace([...args, '--connection-string', connection]);
  assert.equal(end.stderr, '');
  assert.equal(end.code, 0);
  const { page, assertQuiet } = await open(pathToFileURL(file).href);
  await page.getByRole('heading', { name: /^B took 593\sms longer than A: event loop blocked/ }).waitFor();
  assertQuiet();
});

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the ${size} in ${colorScheme}: axe finds nothing, and nothing scrolls to the side`, async () => {
      const { page } = await open(orders, { viewport, colorScheme, bypassCSP: true });
      await ready(page);
      await assertAccessible(page);
      await steps(page).nth(1).click();
      await assertAccessible(page);
      await assertNoSidewaysScroll(page);
    });
  }

  test(`the ${size}: a click on a difference shows its parts in both bars, and a part its difference`, async () => {
    const { page, assertQuiet } = await open(orders, { viewport });
    await ready(page);
    await steps(page).filter({ hasText: 'select stars' }).click();
    assert.ok((await page.locator('.part.picked').count()) >= 3);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.part.picked').count(), 0);
    await page.getByRole('button', { name: /^event loop blocked/ }).click();
    assert.match(await page.locator('.b-line.chosen').innerText(), /event loop blocked/);
    assertQuiet();
  });
}

test('each difference begins where the one before it ends, and all of them lead from A to B', async () => {
  const { page } = await open(orders);
  await ready(page);
  const box = async (selector: string): Promise<readonly (readonly [number, number])[]> =>
    (await Promise.all((await page.locator(selector).all()).map((each) => each.boundingBox()))).map(
      (found) => [found!.x, found!.x + found!.width],
    );
  const [a, b] = await box('.base');
  let at = a![1];
  const texts = await page.locator('.b-difference').allInnerTexts();
  for (const [index, [left, right]] of (await box('.stretch')).entries()) {
    const isDown = texts[index]!.startsWith('−');
    const begins = isDown ? right : left;
    assert.ok(
      Math.abs(begins - at) < 1.6,
      `row ${index} begins at ${begins}, and the one before ends at ${at}`,
    );
    at = isDown ? left : right;
  }
  assert.ok(Math.abs(at - b![1]) < 1.6);
  const sum = texts.reduce((all, text) => all + Number(text.replace('−', '-')), 0);
  assert.ok(Math.abs(sum - 593.1) < 0.6, `${sum} ms`);
});

test('keys move through the differences, and a link keeps the chosen one', async () => {
  const { page, assertQuiet } = await open(orders);
  await ready(page);
  await page.keyboard.press('j');
  await page.locator('.b-line.chosen:focus', { hasText: 'event loop blocked' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('.b-line.chosen:focus', { hasText: 'select stars' }).waitFor();
  await page.waitForURL(/step=1/);
  const { page: again } = await open(page.url());
  await again.locator('.b-line.chosen', { hasText: 'select stars' }).waitFor();
  await page.keyboard.press('End');
  await page.locator('.b-line.chosen:focus', { hasText: 'others with a smaller difference' }).waitFor();
  await page.keyboard.press('t');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  assertQuiet();
});

test('hostile text in every field runs nothing and asks nobody', async () => {
  for (const [name, text] of Object.entries({ hostile: hostileText, proto: '__proto__' })) {
    const url = writeComparison(folder, name, hostileTrace(text), slowOrder.events);
    const { page, assertQuiet } = await open(url);
    await ready(page);
    await page.keyboard.press('j');
    await assertNoSidewaysScroll(page);
    assert.equal(await page.locator('img').count(), 0);
    assertQuiet();
  }
});

test('the list leads to the comparison of the two marked traces, and that to each of them', async (t) => {
  const { connection } = store(t, [...fastOrder.events, ...slowOrder.events]);
  const ui = await startUi(t, ['--connection-string', connection]);
  const { page } = await open(ui.address, {}, (address) => address.startsWith(ui.address));
  await page.getByText('2 traces').or(page.getByText('/orders').nth(1)).first().waitFor();
  for (const key of ['j', 'x', 'j', 'x', 'c']) await page.keyboard.press(key);
  await page.waitForURL(/#compare=/);
  await page.getByRole('heading', { name: /^B took 593\sms (?:longer|less) than A/ }).waitFor();
  await working(page, /^A .* · ostrace$/);
  const said = await page.getByRole('heading', { level: 2 }).first().innerText();
  await page.keyboard.press('x');
  await page
    .getByRole('heading', { name: said.includes('longer') ? / less than A/ : / longer than A/ })
    .waitFor();
  await page.keyboard.press('a');
  await page.waitForURL(/#trace=/);
  await page.getByRole('tablist').waitFor();
  await page.goto(`${ui.address}#compare=${fastId},${newId()}`);
  await page.getByRole('heading', { name: 'These traces cannot be compared' }).waitFor();
  await page.getByText('there is no trace').waitFor();
  await working(page, /^These traces cannot be compared · ostrace$/);
});
