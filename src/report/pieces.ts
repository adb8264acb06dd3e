import { styleText } from 'node:util';

import { cut, widthOf } from './format.js';

/** What is printed on. */
export interface Display {
  /** Columns of the terminal; undefined where nothing needs to be cut. */
  readonly width: number | undefined;
  readonly colour: boolean;
}

export type Style = Parameters<typeof styleText>[0];

/** A text that is safe to print, and how it looks in colour. */
export interface Piece {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Cuts a line to so many columns. */
export function fit(pieces: readonly Piece[], room: number): Piece[] {
  let left = room;
  return pieces.map((piece) => {
    const text = cut(piece.text, left);
    left = text === piece.text ? left - widthOf(text) : 0;
    return { ...piece, text };
  });
}

/** Puts the pieces with a text side by side. */
export function joinPieces(pieces: readonly Piece[], between: Piece): Piece[] {
  return pieces
    .filter(({ text }) => text !== '')
    .flatMap((piece, index) => (index === 0 ? [piece] : [between, piece]));
}

/** The line as it goes out. */
export function paint(pieces: readonly Piece[], colour: boolean): string {
  const texts = pieces.map(({ text, style }) => {
    const isPlain = !colour || style === undefined || text.trim() === '';
    // Whether the terminal takes colours was asked before, once, and of the right stream.
    return isPlain ? text : styleText(style, text, { validateStream: false });
  });
  return texts.join('').trimEnd();
}
