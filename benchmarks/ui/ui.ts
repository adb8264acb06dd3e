/**
 * How long does the page of a large trace take to open, and how long does it keep a frame waiting while one scrolls
 * and zooms? `npm run build && node dist/benchmarks/ui/ui.js [points]`. Chromium's own tracing measures it.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Browser, type Page, chromium } from 'playwright-core';

import { drawn } from '../../test/fixtures/browser.js';
import { writePage } from '../../test/fixtures/page-files.js';
import { largeTrace } from '../../test/fixtures/page-traces.js';

const points = Number(process.argv[2] ?? 50_000);
const steps = 60;

/** The times of the tasks of the page's thread, in milliseconds. */
interface Tasks {
  /** The longest one, by the clock and by the thread's own time, which other processes do not lengthen. */
  readonly longest: number;
  readonly longestCpu: number;
  readonly sumCpu: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Does something while Chromium records what its threads do. */
async function traced(browser: Browser, page: Page, work: () => Promise<void>): Promise<Tasks> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'disabled-by-default-devtools.timeline', 'devtools.timeline'],
  });
  await work();
  const text = (await browser.stopTracing()).toString('utf8');
  const { traceEvents } = JSON.parse(text) as { traceEvents: readonly TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && name === 'RunTask' && mains.has(`${pid} ${tid}`),
  );
  const most = (of: (event: TraceEvent) => number): number =>
    tasks.reduce((longest, task) => Math.max(longest, of(task)), 0) / 1000;
  return {
    longest: most(({ dur = 0 }) => dur),
    longestCpu: most(({ tdur = 0 }) => tdur),
    sumCpu: tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1000,
  };
}

const inMs = (value: number): string => value.toFixed(0).padStart(6);

function print(what: string, { longest, longestCpu, sumCpu }: Tasks): void {
  console.log(`${what.padEnd(26)} ${inMs(longest)} ${inMs(longestCpu)} ${inMs(sumCpu)}`);
}

/** The other views: how long each takes to come, and to follow the wheel and the keys. */
async function measureViews(browser: Browser, page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.keyboard.press('0');
  for (const [name, key] of Object.entries({ flame: 'f', table: 'd', services: 'g' })) {
    print(
      `show the ${name}`,
      await traced(browser, page, async () => {
        await page.keyboard.press(key);
        await page.locator(`.${name}`).waitFor();
        await drawn(page);
      }),
    );
    print(
      `${name}: scroll, ${steps} steps`,
      await traced(browser, page, async () => {
        await page.mouse.move(300, 500);
        for (let step = 0; step < steps; step++) {
          await page.mouse.wheel(0, step % 3 === 0 ? 2000 : 120);
          await drawn(page);
        }
      }),
    );
    if (name !== 'flame') continue;
    print(
      `${name}: zoom, ${steps} steps`,
      await traced(browser, page, async () => {
        for (let step = 0; step < steps; step++) {
          await page.keyboard.press(step < steps / 2 ? '+' : '-');
          await drawn(page);
        }
      }),
    );
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-ui-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const began = performance.now();
  const url = writePage(folder, 'large', largeTrace(points));
  const size = statSync(fileURLToPath(url)).size;
  console.log(
    `${points} points: ${(size / 1e6).toFixed(1)} MB, written in ${inMs(performance.now() - began).trim()} ms`,
  );
  console.log(`load of the machine: ${loadavg()[0]!.toFixed(1)}`);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] || '/usr/bin/chromium',
    args: ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    console.log(`${''.padEnd(26)} longest    CPU    all CPU (ms)`);
    let readable = 0;
    const opening = await traced(browser, page, async () => {
      const start = performance.now();
      await page.goto(url, { waitUntil: 'commit' });
      await page.locator('.row').first().waitFor();
      readable = performance.now() - start;
      await drawn(page);
    });
    print('open', opening);
    console.log(`readable after ${inMs(readable).trim()} ms`);
    print(
      'open all rows',
      await traced(browser, page, async () => {
        await page.keyboard.press('o');
        await drawn(page);
      }),
    );
    print(
      `scroll, ${steps} steps`,
      await traced(browser, page, async () => {
        await page.mouse.move(300, 500);
        for (let step = 0; step < steps; step++) {
          await page.mouse.wheel(0, step % 3 === 0 ? 20_000 : 120);
          await drawn(page);
        }
      }),
    );
    print(
      `zoom, ${steps} steps`,
      await traced(browser, page, async () => {
        for (let step = 0; step < steps; step++) {
          await page.keyboard.press(step < steps / 2 ? '+' : '-');
          await drawn(page);
        }
      }),
    );
    print(
      'move the window',
      await traced(browser, page, async () => {
        for (let step = 0; step < steps; step++) {
          await page.keyboard.press('Shift+ArrowRight');
          await drawn(page);
        }
      }),
    );
    print(
      'search',
      await traced(browser, page, async () => {
        await page.keyboard.press('/');
        await page.keyboard.type('number 4999');
        await page.getByText(/\d+ found/).waitFor();
        await page.keyboard.press('Enter');
        await drawn(page);
      }),
    );
    await measureViews(browser, page);
  } finally {
    await browser.close();
  }
}

void main();
