// Writes the page of a trace as one file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { StoredTrace } from '../drivers/driver.js';
import { comparisonOf } from '../report/page/compare.js';
import { comparisonFile, pageFile } from '../report/page/html.js';
import { pageOf } from '../report/page/page.js';
import { type Tree, buildTree } from '../report/tree.js';

/** The page without data, as it was built. */
export const readTemplate = (): string => readFileSync(join(__dirname, '../../ui/page.html'), 'utf8');

/** Writes the page of a trace, with its data, in pieces. */
export function stringifyPage({ events, skipped }: StoredTrace): Iterable<string> {
  return pageFile(readTemplate(), pageOf(buildTree(events), skipped), compress);
}

/** Writes the page of two traces beside each other, with its data, in pieces. */
export function stringifyComparison(a: Tree, b: Tree): Iterable<string> {
  return comparisonFile(readTemplate(), comparisonOf(a, b), compress);
}

const compress = (text: string): string => gzipSync(text, { level: 6 }).toString('base64');
