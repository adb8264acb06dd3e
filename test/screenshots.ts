/**
 * `npm run screenshots`: takes the pictures of the page in docs/images, of a trace that the demo has made.
 * `-- --file SAVED` takes them of a saved trace instead (`ostrace trace show --json`).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { chromium } from 'playwright-core';

import { main as command } from './fixtures/command.js';
import { projectFolder } from './scenario.js';
import { provideChromium } from './services/chromium.js';

const images = join(projectFolder, 'docs/images');
/** Larger ones would make the repository heavy: they are taken again with each change of the page. */
const maxBytes = 200_000;

const pictures = [
  { name: 'trace-light', width: 1280, height: 640, colorScheme: 'light' },
  { name: 'trace-dark', width: 1280, height: 640, colorScheme: 'dark' },
  { name: 'trace-phone', width: 390, height: 844, colorScheme: 'light' },
] as const;

/** Runs a program of ours to its end. */
function run(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: projectFolder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

/** What names the trace for `ostrace trace show`. */
function traceFrom(file: string | undefined): readonly string[] {
  if (file !== undefined) return ['--file', file];
  const [, id] = /^Its page is one file.*?([\da-f-]{36})\.html$/m.exec(run(['test/demo/run.mjs'])) ?? [];
  if (id === undefined) throw new Error('the demo has named no trace');
  return [id];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { file: { type: 'string' } } });
  const { env } = await provideChromium();
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-screenshots-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const page = join(folder, 'trace.html');
  run([command, 'trace', 'show', ...traceFrom(values.file), '--html', '--out', page]);
  mkdirSync(images, { recursive: true });
  // Text in greys makes smaller files than text in the colours of a screen's pixels.
  const args = [
    '--disable-dev-shm-usage',
    '--disable-lcd-text',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  const browser = await chromium.launch({ executablePath: env['CHROMIUM']!, args });
  try {
    for (const { name, width, height, colorScheme } of pictures) {
      const tab = await browser.newPage({ viewport: { width, height }, colorScheme });
      await tab.goto(pathToFileURL(page).href);
      await tab.locator('.row').first().waitFor();
      const path = join(images, `${name}.png`);
      await tab.screenshot({ path, animations: 'disabled' });
      const { size } = statSync(path);
      if (size > maxBytes) throw new Error(`${path} has ${size} bytes; expected at most ${maxBytes}`);
      console.log(`${name}.png: ${Math.ceil(size / 1000)} kB`);
    }
  } finally {
    await browser.close();
  }
}

void main();
