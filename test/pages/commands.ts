// What docs/commands.md says of each command, taken from the command's own help.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectFolder } from '../scenario.js';

/** The help of each command, below a heading of its name. */
export function commandHelp(): string {
  return commandNames()
    .map((name) => `## ostrace ${name}\n\n\`\`\`\n${help(...name.split(' '))}\`\`\`\n`)
    .join('\n');
}

/** The commands that the README's table leaves out. */
export function commandsMissingInReadme(): readonly string[] {
  const rows = readFileSync(join(projectFolder, 'README.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `ostrace '));
  return commandNames().filter((name) => !rows.some((row) => row.startsWith(`| \`ostrace ${name}`)));
}

function commandNames(): readonly string[] {
  const [, list = ''] = help().split('Commands:\n');
  return [...list.matchAll(/^ {2}(\S+(?: \S+)?) {2,}/gm)].map(([, name]) => name!);
}

function help(...command: readonly string[]): string {
  const program = join(projectFolder, 'dist/src/cli/main.js');
  return execFileSync(process.execPath, [program, ...command, '--help'], { encoding: 'utf8' });
}
