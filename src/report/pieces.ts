// Puts lines together from pieces of text with styles.
import { styleText } from 'node:util';

import { cut, widthOf } from './format.js';

/** The terminal or file on which lines are printed. */
export interface Display {
  /** The columns of the terminal; undefined if nothing needs to be cut. */
  readonly width: number | undefined;
  readonly colour: boolean;
}

export type Style = Parameters<typeof styleText>[0];

/** A text that is safe to print, and its style. */
export interface Piece {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Cuts a line to this many columns. */
export function fit(pieces: readonly Piece[], room: number): Piece[] {
  let left = room;
  return pieces.map((piece) => {
    const text = cut(piece.text, left);
    left = text === piece.text ? left - widthOf(text) : 0;
    return { ...piece, text };
  });
}

/** Joins the pieces that have a text. */
export function joinPieces(pieces: readonly Piece[], between: Piece): Piece[] {
  return pieces
    .filter(({ text }) => text !== '')
    .flatMap((piece, index) => (index === 0 ? [piece] : [between, piece]));
}

/** The line as it is printed. */
export function paint(pieces: readonly Piece[], colour: boolean): string {
  const texts = pieces.map(({ text, style }) => {
    const isPlain = !colour || style === undefined || text.trim() === '';
    // The caller has already checked, once and for the right stream, whether the terminal takes colours.
    return isPlain ? text : styleText(style, text, { validateStream: false });
  });
  return texts.join('').trimEnd();
}
