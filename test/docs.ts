/** Writes the parts of the pages that are made from the code's own tables; `--check` fails when one is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { node, versions } from '../instrumentations/targets.js';
import { help } from '../src/config/help.js';
import { type OptionName, type Type, options, variableName } from '../src/config/options.js';
import type { VersionRange } from '../src/hooks/loading/version-range.js';
import { commandHelp, commandsMissingInReadme } from './pages/commands.js';
import { budgetTable, startupTable, tracedTable } from './pages/costs.js';
import { pointKinds } from '../src/trace/vocabulary.js';
import { parityPage } from './parity/page.js';
import { pitfallRows } from './pitfalls.js';
import { projectFolder } from './scenario.js';
import { allRows } from './versions/matrix.js';

/** A part of a page, between `<!-- name:start -->` and `<!-- name:end -->`. */
interface Part {
  readonly page: string;
  readonly name: string;
  text(): string;
}

const parts: readonly Part[] = [
  { page: 'docs/settings.md', name: 'options', text: optionTable },
  { page: 'docs/versions.md', name: 'versions', text: versionTable },
  { page: 'docs/versions.md', name: 'tested', text: testedTable },
  { page: 'docs/commands.md', name: 'commands', text: commandHelp },
  { page: 'docs/costs.md', name: 'startup', text: () => startupTable(table) },
  { page: 'docs/costs.md', name: 'traced', text: () => tracedTable(table) },
  { page: 'docs/costs.md', name: 'budgets', text: () => budgetTable(table) },
  { page: 'docs/points.md', name: 'points', text: pointTable },
  { page: 'docs/parity.md', name: 'cases', text: () => parityPage(table) },
  { page: 'docs/pitfalls.md', name: 'pitfalls', text: pitfallTable },
];

function pitfallTable(): string {
  return table(['', 'the pitfall', 'its tests', ''], pitfallRows());
}

/** What each kind of point says; kinds of which that is the same share a row. */
function pointTable(): string {
  const rows: [names: string, when: string, what: string][] = [];
  for (const [name, kind] of Object.entries(pointKinds)) {
    if ('when' in kind) rows.push([`\`${name}\``, kind.when, kind.what]);
    else rows.at(-1)![0] += `, \`${name}\``;
  }
  const own = ['any other name', 'a point of your own, made with [the API](api.md)', 'what you say'];
  return table(['point', 'when', 'what it records'], [...rows, own]);
}

function optionTable(): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const isSecret = 'secret' in option && option.secret;
    const type: Type<unknown> = option.type;
    const isNumber = typeof option.default === 'number' && type.show !== undefined;
    const initial = isSecret ? 'none' : shown(isNumber ? type.show!(option.default) : option.default);
    return [`\`${variableName(name)}\``, option.type.takes, initial, help[name as OptionName]];
  });
  return table(['variable', 'takes', 'default', 'meaning'], rows);
}

function shown(initial: string | boolean | number | readonly string[] | undefined): string {
  const text = Array.isArray(initial) ? initial.join(',') : String(initial ?? '');
  return text === '' ? 'none' : `\`${text}\``;
}

/** What is supported, in a line for each package. */
function versionTable(): string {
  const tested = testedVersions();
  const rows = Object.entries(versions).map(([name, ranges]) => [
    `\`${name}\``,
    rangeText(ranges),
    [...new Set(tested.filter((row) => row.name === name).map(({ version }) => version))].join(', '),
  ]);
  const majors = `${node.from}, and the newest ${listed(node.majors)}`;
  return table(['', 'supported', 'tested'], [['Node.js', `${node.from} and newer`, majors], ...rows]);
}

/** Each set of packages that the tests install, and why. */
function testedTable(): string {
  return table(
    ['packages', 'why it is tested'],
    allRows.map(({ packages, because }) => [
      Object.entries(packages)
        .map(([name, version]) => `\`${name}\` ${version}`)
        .join(', '),
      because,
    ]),
  );
}

function testedVersions(): readonly { name: string; version: string }[] {
  return allRows
    .flatMap(({ packages }) => Object.entries(packages).map(([name, version]) => ({ name, version })))
    .toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));
}

/** `8.0.3 and newer 8`, `2 and 3`. */
function rangeText(ranges: readonly VersionRange[]): string {
  const from = ranges[0]![0];
  const majors = listed([...new Set(ranges.flatMap(majorsIn))]);
  return from === `${majorOf(from)}.0.0` ? majors : `${from} and newer ${majors}`;
}

/** The majors of which a range has versions. */
function majorsIn([from, below]: VersionRange): readonly number[] {
  const first = majorOf(from);
  const last = majorOf(below) - (below.endsWith('.0.0') ? 1 : 0);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const majorOf = (version: string): number => Number(version.split('.')[0]);

function listed(items: readonly number[]): string {
  const text = items.join(', ');
  return text.replace(/, (\d+)$/, ' and $1');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(escape).join(' | ')} |\n`).join('');
}

const escape = (cell: string): string => cell.replaceAll('|', '\\|');

for (const { page, name, text } of parts) {
  const file = join(projectFolder, page);
  const marked = new RegExp(`(?<=<!-- ${name}:start -->\n)[^]*?(?=<!-- ${name}:end -->)`);
  const before = readFileSync(file, 'utf8');
  if (!marked.test(before)) throw new Error(`${page} has no <!-- ${name}:start --> and <!-- ${name}:end -->`);
  const after = before.replace(marked, () => `\n${text()}\n`);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, after);
  } else if (after !== before) {
    console.error(`${page}'s part "${name}" is stale: npm run docs`);
    process.exitCode = 1;
  }
}

for (const name of commandsMissingInReadme()) {
  console.error(`README.md's table of commands lacks \`ostrace ${name}\``);
  process.exitCode = 1;
}
