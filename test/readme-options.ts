/** Writes the README's table of options from the option table; `--check` fails when it is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { options, variableName } from '../src/config/options.js';

const readme = resolve(__dirname, '../../README.md');
const marked = /(?<=<!-- options:start -->\n)[^]*?(?=<!-- options:end -->)/;

function table(): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const isSecret = 'secret' in option && option.secret;
    const initial = isSecret ? 'none' : shown(option.default);
    return [`\`${variableName(name)}\``, option.type.takes, initial, option.help];
  });
  const lines = [['variable', 'takes', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.map(escape).join(' | ')} |\n`).join('');
}

function shown(initial: string | boolean | number | readonly string[] | undefined): string {
  const text = Array.isArray(initial) ? initial.join(',') : String(initial ?? '');
  return text === '' ? 'none' : `\`${text}\``;
}

const escape = (cell: string): string => cell.replaceAll('|', '\\|');

const before = readFileSync(readme, 'utf8');
if (!marked.test(before)) throw new Error('README.md has no <!-- options:start --> and <!-- options:end -->');
const after = before.replace(marked, () => `\n${table()}\n`);
if (!process.argv.includes('--check')) {
  writeFileSync(readme, after);
} else if (after !== before) {
  console.error("README.md's table of options is stale: npm run docs");
  process.exitCode = 1;
}
