// The pieces of a row's bar within the window that is shown, as parts of its width.
import { flag } from '../../report/page/page-trace.js';
import { type Model, type Row, isGap, isRepeat, targetOf } from './model.js';
import type { Window } from './view.js';

/** How a piece looks. */
export type Look = 'solid' | 'pale' | 'path' | 'blocked' | 'wait' | 'none' | 'open';

/** A piece of a bar, in percent of the width of the time that is shown. */
export interface Piece {
  readonly look: Look;
  readonly left: number;
  readonly width: number;
}

/** The drawing of a row. */
export interface Bars {
  readonly pieces: readonly Piece[];
  /** Its first and last moment in percent, cut to the window; undefined if nothing of it lies within. */
  readonly extent: { readonly left: number; readonly right: number } | undefined;
  /** On which side of the window it lies, if nothing of it lies within. */
  readonly side: 'before' | 'after' | undefined;
}

/** Collects the stretches of one look; what is closer together than a pixel becomes one. */
class Pieces {
  readonly all: Piece[] = [];
  readonly #window: Window;
  readonly #least: number;

  /** @param width of the time that is shown, in pixels */
  constructor(window: Window, width: number) {
    this.#window = window;
    this.#least = 100 / Math.max(1, width);
  }

  percent(at: number): number {
    const { from, to } = this.#window;
    return (100 * (Math.min(to, Math.max(from, at)) - from)) / (to - from);
  }

  add(look: Look, from: number, to: number): void {
    if (to < this.#window.from || from > this.#window.to) return;
    const left = this.percent(from);
    const right = this.percent(to);
    const last = this.all.at(-1);
    if (last?.look === look && left - (last.left + last.width) < this.#least) {
      this.all[this.all.length - 1] = {
        look,
        left: last.left,
        width: Math.max(last.width, right - last.left),
      };
      return;
    }
    this.all.push({ look, left, width: right - left });
  }
}

/**
 * The pieces of a row's bar.
 *
 * @param isOpen whether the rows below it are shown
 * @param width of the time that is shown, in pixels
 */
export function barsOf(model: Model, row: Row, isOpen: boolean, window: Window, width: number): Bars {
  const { start, end } = model;
  const pieces = new Pieces(window, width);
  const [from, to] = [start[row]!, end[row]!];
  if (to < window.from || from > window.to) {
    return { pieces: [], extent: undefined, side: to < window.from ? 'before' : 'after' };
  }
  const target = targetOf(model, row);
  if ('gap' in target) {
    pieces.add(model.trace.gaps[target.gap]!.pattern, from, to);
    if (model.isOnPath[row] === 1) pieces.add('path', from, to);
  } else {
    addPoint(model, row, isOpen, pieces);
    for (const point of model.members(row)) {
      const stay = model.stay(point);
      if (stay !== undefined) pieces.add('path', stay.from, stay.to);
    }
  }
  return {
    pieces: pieces.all,
    extent: { left: pieces.percent(from), right: pieces.percent(to) },
    side: undefined,
  };
}

function addPoint(model: Model, row: Row, isOpen: boolean, pieces: Pieces): void {
  const { start, end, flags } = model;
  if (isRepeat(model, row)) {
    for (const point of model.members(row)) pieces.add('solid', start[point]!, end[point]!);
    return;
  }
  if ((flags[row]! & flag.open) !== 0) return pieces.add('open', start[row]!, end[row]!);
  const below = model.below(row);
  const isWaitedFor = model.isOnPath[row] === 1;
  if (!isOpen || below.length === 0) {
    // Pale is what nobody waited for.
    pieces.add(isWaitedFor ? 'solid' : 'pale', start[row]!, end[row]!);
    return;
  }
  pieces.add('pale', start[row]!, end[row]!);
  if (!isWaitedFor) return;
  let at = start[row]!;
  for (const child of below) {
    if (isGap(model, child) && model.isOnPath[child] === 0) continue;
    if (start[child]! >= end[row]!) break;
    if (start[child]! > at) pieces.add('solid', at, start[child]!);
    at = Math.max(at, end[child]!);
  }
  if (at < end[row]!) pieces.add('solid', at, end[row]!);
}

/** Round moments for an axis: as many as have room. */
export function ticksOf({ from, to }: Window, width: number): readonly number[] {
  const most = Math.max(2, Math.floor(width / 90));
  const rough = Math.max(1, (to - from) / most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step);
  // By their count: beyond 2^53, a moment plus a step may be the same moment.
  return Array.from({ length: most + 1 }, (_, i) => (first + i) * step).filter((at) => at <= to);
}
