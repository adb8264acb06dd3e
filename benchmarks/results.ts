// Writes the page of results.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Part, Section } from './part.js';

const beginOf = (name: string): string => `<!-- begin ${name} -->`;
const endOf = (name: string): string => `<!-- end ${name} -->`;

const introduction = `# What ostrace costs

<!-- Written by \`npm run bench\`: a run replaces the parts that it measures, between their marks. -->

Each part says when it was measured, under which versions, and with what command. Medians, and the quartiles in brackets; differences and ratios are taken within each round, in which all variants take turns. "None, once more" is the same as none: what it shows is noise. What is measured, and how, is said in each part's README.

To reproduce: \`npm ci && npm run bench\` on Linux. Servers of PostgreSQL, MariaDB and Redis that answer are used, as by the tests; else those that are installed are started.
`;

/** Puts parts into the page of results, and leaves the other parts as they are. */
export class Results {
  readonly #folder: string;
  readonly #order: readonly Part['name'][];

  /** @param order of all parts on the page */
  constructor(folder: string, order: readonly Part['name'][]) {
    this.#folder = folder;
    this.#order = order;
    mkdirSync(join(folder, 'plots'), { recursive: true });
  }

  /** @param about the run: a paragraph above the tables */
  write({ name, title }: Part, about: string, { lines, plots }: Section): void {
    const file = join(this.#folder, 'RESULTS.md');
    const page = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const text = [`## ${title}`, '', about, '', ...lines].join('\n').trimEnd();
    const sections = this.#order.map((each) => {
      const body = each === name ? text : partIn(page, each);
      return body && `${beginOf(each)}\n\n${body}\n\n${endOf(each)}\n`;
    });
    writeFileSync(file, [introduction, ...sections.filter((section) => section !== '')].join('\n'));
    for (const [plot, svg] of Object.entries(plots)) writeFileSync(join(this.#folder, 'plots', plot), svg);
  }
}

function partIn(page: string, name: string): string {
  const [, rest = ''] = page.split(beginOf(name));
  return rest.split(endOf(name))[0]!.trim();
}
