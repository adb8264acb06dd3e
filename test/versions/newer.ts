/**
 * `npm run check:versions`: asks the registry for newer versions of what the tests run. Not part of the checks:
 * what is published today must not break what was right yesterday.
 */
import { execFileSync } from 'node:child_process';

import { versions } from '../../instrumentations/targets.js';
import { isWithin } from '../../src/hooks/loading/version-range.js';
import { allRows } from './matrix.js';

/** All published versions but pre-releases. */
function published(name: string): readonly string[] {
  const text = execFileSync('npm', ['view', name, 'versions', '--json', '--silent'], { encoding: 'utf8' });
  return (JSON.parse(text) as string[]).filter((version) => !version.includes('-'));
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
const majorOf = (version: string): string => version.split('.')[0]!;

for (const [name, ranges] of Object.entries(versions)) {
  const tested = new Set(allRows.flatMap(({ packages }) => packages[name] ?? []));
  // Later ones of the same number are the last of their major.
  const lastOfMajor = new Map(
    published(name)
      .toSorted(byNumber)
      .map((version) => [majorOf(version), version]),
  );
  for (const version of lastOfMajor.values()) {
    const isSupported = ranges.some((range) => isWithin(version, range));
    const isLater = !isSupported && isWithin(version, [ranges.at(-1)![1], '1000000.0.0']);
    if (isSupported && !tested.has(version)) say(`${name} ${version} is supported, but not tested`);
    if (isLater) say(`${name} ${version} is not supported yet`);
  }
}
if (process.exitCode === undefined) console.log('The last version of each supported major is tested.');

function say(line: string): void {
  console.log(line);
  process.exitCode = 1;
}
