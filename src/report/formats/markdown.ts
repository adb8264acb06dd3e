// Writes a trace as Markdown, to be put into an issue or a chat.
import { count } from '../../trace/count.js';
import type { Finding } from '../findings/finding.js';
import { findingsOf } from '../findings/findings.js';
import { clean, duration } from '../format.js';
import { marksOf } from '../marks.js';
import { beginningOf } from '../overview.js';
import { renderTree } from '../text.js';
import type { Tree } from '../tree.js';

const width = 110;
// GitHub takes 65,536 characters for an issue or a comment.
const maxLength = 60_000;

/**
 * Writes a trace as Markdown: a line that says what took how long, what was found, and the tree as code. Stored texts
 * can't end the code, and are no HTML, links, images, mentions or formulas. A tree that is too long for an issue is
 * cut, and the last line says how much is missing.
 *
 * @param mostFindings how many of the findings are written; undefined for none, and no word of it
 * @param isFolded false gives each point a line of its own
 */
export function* renderMarkdown(
  tree: Tree,
  { mostFindings, isFolded }: { readonly mostFindings: number | undefined; readonly isFolded: boolean },
): Generator<string> {
  yield `${head(tree)}\n\n`;
  const found = mostFindings === undefined ? undefined : findingsOf(tree);
  if (found !== undefined) yield* renderFound(found, mostFindings!);
  const marks = found && marksOf(found, mostFindings!);
  yield '```text\n';
  let left = maxLength;
  let missing = 0;
  for (const line of renderTree(tree, { width, colour: false }, isFolded, [], marks)) {
    left -= line.length;
    if (left < 0) missing++;
    else yield code(line);
  }
  if (missing > 0) yield `… ${count(missing, 'more line')}: ostrace trace show ${clean(tree.base_id)}\n`;
  yield '```\n';
}

/**
 * Writes findings as a list.
 *
 * @param most how many are written; of the others only their number
 */
export function* renderFound(
  {
    findings,
    otherwise,
  }: {
    readonly findings: readonly Pick<Finding, 'sentence' | 'advice'>[];
    readonly otherwise: string;
  },
  most: number,
): Generator<string> {
  if (findings.length === 0) {
    const text = prose(otherwise);
    yield `Nothing stands out${text === '' ? '.' : `: ${text}.`}\n`;
  }
  for (const [index, { sentence, advice }] of findings.slice(0, most).entries()) {
    yield `${index + 1}. ${prose(sentence)}${advice === undefined ? '' : ` → ${prose(advice)}`}\n`;
  }
  const more = findings.length - most;
  if (more > 0) yield `\n${count(more, 'more finding')}\n`;
  yield '\n';
}

function head(tree: Tree): string {
  const { what } = beginningOf(tree);
  return `**${inlineCode(what || '(no name)')}** took **${duration(tree.total)}**, trace ${inlineCode(tree.base_id)}`;
}

/** A text in code of its own. Not all chats know of more than one mark around it, so it has none within. */
function inlineCode(text: string): string {
  return `\`${clean(text).replaceAll('`', "'")}\``;
}

/** A clean line as it may stand within a block of code. Chats end that at three marks, wherever these are. */
function code(line: string): string {
  return line.replace(/`{3,}/g, (marks) => "'".repeat(marks.length));
}

// It takes no room, and what it divides is neither a link nor a mention.
const joiner = '\u2060';

/** A text as it may stand in a paragraph or a list: everything that Markdown or GitHub acts on is only shown. */
function prose(text: string): string {
  return clean(text)
    .replace(/[\\`*_[\]<>&|~$]/g, '\\$&')
    .replace(/^(?:[-+=#]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
    .replace(/:(?=\/\/)|[@#]|\bwww(?=\.)|\bgh(?=-\d)/gi, `$&${joiner}`);
}
