// Writes findings for people: a sentence each, and below it what to try.
import { clean, widthOf } from '../format.js';
import { type Display, paint } from '../pieces.js';
import { count } from '../../trace/count.js';
import type { Findings } from './findings.js';

const indent = '   ';

/**
 * Writes the findings that explain most, in lines.
 *
 * @param most how many are written; of the others only their number
 */
export function* renderFindings(
  { findings, otherwise }: Findings,
  { width = Infinity, colour }: Display,
  most: number,
): Generator<string> {
  if (findings.length === 0) {
    const text = clean(otherwise);
    yield* lines(`Nothing stands out${text === '' ? '.' : `: ${text}.`}`, '', width, colour, 'dim');
    return;
  }
  for (const [index, { sentence, advice }] of findings.slice(0, most).entries()) {
    yield* lines(`${index + 1}. ${clean(sentence)}`, indent, width, colour, 'bold', '');
    if (advice !== undefined) yield* lines(clean(advice), indent, width, colour, 'dim');
  }
  const more = findings.length - most;
  if (more > 0)
    yield* lines(`${count(more, 'more finding')}: --findings shows all.`, indent, width, colour, 'dim');
}

/** A text in lines of the terminal's width. */
function* lines(
  text: string,
  indentation: string,
  width: number,
  colour: boolean,
  style: 'bold' | 'dim',
  first = indentation,
): Generator<string> {
  let line = first;
  let isEmpty = true;
  const print = (): string => `${paint([{ text: line, style }], colour)}\n`;
  for (const word of text.split(' ')) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > width) {
      yield print();
      line = indentation;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  yield print();
}
