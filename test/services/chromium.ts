import { installPackages } from './debian.js';
import { findPrograms } from './scratch.js';
import type { Service } from './service.js';

/** The names that Chromium has, by system. */
const names = ['chromium', 'chromium-browser', 'google-chrome'] as const;

/** Finds a Chromium, or installs Debian's: the tests of the page click and type in it. */
export async function provideChromium(): Promise<Service> {
  const program = installed() ?? (await install());
  return { env: { CHROMIUM: program }, release: async () => {} };
}

const installed = (): string | undefined =>
  process.env['CHROMIUM'] ||
  names.map((name) => findPrograms([name])?.[0]).find((found) => found !== undefined);

async function install(): Promise<string> {
  await installPackages('Chromium', ['chromium']);
  const program = installed();
  if (program !== undefined) return program;
  throw new Error(
    'the tests need Chromium, and it is not installed: install it (Debian: apt-get install chromium), or name the program by CHROMIUM',
  );
}
