// Draws the frames that are in sight. Frames of less than a pixel become one.
import { flag } from '../../report/page/page-trace.js';
import { type Model, type Row, targetOf } from '../trace/model.js';
import { colourOf } from '../trace/row-line.js';
import type { View, Window } from '../trace/view.js';
import type { Fills } from './fills.js';
import { type Labels, serviceIn, textOf } from './labels.js';
import { type Layout, firstAfter } from './layout.js';

/** The height of a frame, and from one line to the next, in pixels. */
export const frameHeight = 22;
export const lineStep = 24;

const font = '12px';
/** A frame that is narrower has no text. */
const leastForText = 26;
const pale = 0.22;

/** The part of the flame that is drawn, in pixels from its top. */
export interface Area {
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Brush {
  readonly context: CanvasRenderingContext2D;
  readonly view: View;
  readonly fills: Fills;
  readonly labels: Labels;
  readonly family: string;
  readonly window: Window;
  readonly area: Area;
}

/** Draws an area of the flame. */
export function paintFlame(
  canvas: HTMLCanvasElement,
  view: View,
  layout: Layout,
  area: Area,
  fills: Fills,
  labels: Labels,
): void {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(area.width * scale));
  canvas.height = Math.max(1, Math.round(area.height * scale));
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(scale, scale);
  context.direction = 'ltr';
  context.textBaseline = 'middle';
  const family = getComputedStyle(canvas).fontFamily;
  const brush: Brush = { context, view, fills, labels, family, window: view.window.peek(), area };
  paintAfter(brush);
  const first = Math.max(0, Math.floor(area.top / lineStep));
  const last = Math.min(layout.lines, Math.ceil((area.top + area.height) / lineStep));
  for (let line = first; line < last; line++) {
    paintLine(brush, layout.rowsIn(line), line * lineStep - area.top);
  }
}

const placeOf = ({ window: { from, to }, area }: Brush, moment: number): number =>
  ((moment - from) / (to - from)) * area.width;

/** The time behind the response. */
function paintAfter(brush: Brush): void {
  const { context, fills, area, view } = brush;
  const x = placeOf(brush, view.model.trace.duration);
  if (x >= area.width) return;
  context.fillStyle = fills.colour('after');
  context.fillRect(Math.max(0, x), 0, area.width, area.height);
  context.fillStyle = fills.colour('tx');
  if (x >= 0) context.fillRect(x, 0, 1, area.height);
}

function paintLine(brush: Brush, rows: Int32Array, y: number): void {
  const { view, window, area } = brush;
  const { start, end, flags } = view.model;
  let crumb: { left: number; right: number; row: Row; longest: number } | undefined;
  const sweep = (): void => {
    if (crumb !== undefined) paintCrumb(brush, crumb.row, crumb.left, crumb.right, y);
    crumb = undefined;
  };
  for (let at = firstAfter(rows, end, window.from); at < rows.length; at++) {
    const row = rows[at]!;
    if (start[row]! > window.to) break;
    const left = placeOf(brush, start[row]!);
    const right = placeOf(brush, end[row]!);
    if (right - left >= 1) {
      sweep();
      paintFrame(brush, row, Math.max(left, -4), Math.min(right, area.width + 4), y);
      continue;
    }
    const isFailed = (flags[row]! & flag.failed) !== 0;
    // A pixel shows the longest of its frames, and any failure.
    const weight = isFailed ? Infinity : end[row]! - start[row]!;
    if (crumb !== undefined && left - crumb.right < 0.5 && right - crumb.left < 2) {
      crumb.right = Math.max(crumb.right, right);
      if (weight > crumb.longest) [crumb.row, crumb.longest] = [row, weight];
      continue;
    }
    sweep();
    crumb = { left, right: Math.max(right, left + 1), row, longest: weight };
  }
  sweep();
}

function paintCrumb({ context, view, fills }: Brush, row: Row, left: number, right: number, y: number): void {
  const { model } = view;
  const isFailed = (model.flags[row]! & flag.failed) !== 0;
  context.globalAlpha = isFailed || model.isOnPath[row] === 1 ? 1 : 0.5;
  context.fillStyle = fills.colour(isFailed ? 'err' : colourOf(model, row, view.colour.peek()));
  context.fillRect(left, y, Math.max(1, right - left), frameHeight);
  context.globalAlpha = 1;
}

/** How a frame is drawn, and what stands in it. */
function paintFrame(brush: Brush, row: Row, from: number, to: number, y: number): void {
  const { context, view, fills } = brush;
  const { model } = view;
  const name = colourOf(model, row, view.colour.peek());
  const colour = fills.colour(name);
  // A hair of the page between neighbours; what is narrow keeps its width.
  const width = to - from > 3 ? to - from - 1 : to - from;
  const pattern = patternOf(model, row);
  const isOpen = (model.flags[row]! & flag.open) !== 0;
  const isSolid = pattern === 'work' && !isOpen && model.isOnPath[row] === 1;
  if (isOpen) paintOpen(brush, from, width, y);
  else if (pattern !== 'work') {
    context.fillStyle = fills.pattern(pattern, name);
    context.fillRect(from, y, width, frameHeight);
    outline(context, pattern === 'wait' ? colour : fills.colour('ink-2'), from, width, y, 1);
  } else if (isSolid) {
    context.fillStyle = colour;
    context.fillRect(from, y, width, frameHeight);
  } else {
    context.globalAlpha = pale;
    context.fillStyle = colour;
    context.fillRect(from, y, width, frameHeight);
    context.globalAlpha = 0.7;
    outline(context, colour, from, width, y, 1);
    context.globalAlpha = 1;
  }
  if ((model.flags[row]! & flag.failed) !== 0) outline(context, fills.colour('err'), from, width, y, 2);
  if (width < leastForText) return;
  paintText(brush, row, from, width, y, {
    ink: isSolid ? fills.colour(inkOf(name)) : fills.colour('tx'),
    isPlated: pattern !== 'work',
  });
}

const inkOf = (name: string): string => (name.startsWith('k-') ? name.replace('k-', 'i-') : 's-ink');

function patternOf(model: Model, row: Row): 'work' | 'blocked' | 'wait' | 'none' {
  const target = targetOf(model, row);
  return 'gap' in target ? model.trace.gaps[target.gap]!.pattern : 'work';
}

/** A point that never stopped: a broken red outline that fades. */
function paintOpen({ context, fills }: Brush, from: number, width: number, y: number): void {
  const fade = (name: string): CanvasGradient => {
    const gradient = context.createLinearGradient(from, 0, from + width, 0);
    gradient.addColorStop(0.4, fills.colour(name));
    gradient.addColorStop(1, fills.colour('bg'));
    return gradient;
  };
  context.fillStyle = fade('err-bg');
  context.fillRect(from, y, width, frameHeight);
  context.strokeStyle = fade('err');
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(from + width, y + 0.5);
  context.lineTo(from + 0.5, y + 0.5);
  context.lineTo(from + 0.5, y + frameHeight - 0.5);
  context.lineTo(from + width, y + frameHeight - 0.5);
  context.stroke();
  context.setLineDash([]);
}

function outline(
  context: CanvasRenderingContext2D,
  colour: string,
  from: number,
  width: number,
  y: number,
  thick: number,
): void {
  if (width < 2 * thick) return;
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.strokeRect(from + thick / 2, y + thick / 2, width - thick, frameHeight - thick);
}

function paintText(
  { context, view: { model }, fills, labels, family, area }: Brush,
  row: Row,
  from: number,
  width: number,
  y: number,
  { ink, isPlated }: { readonly ink: string; readonly isPlated: boolean },
): void {
  // The text of a frame that begins outside of the window begins at its edge.
  const left = Math.max(0, from) + 6;
  const right = Math.min(area.width, from + width) - 5;
  if (right - left < leastForText - 11) return;
  context.font = `600 ${font} ${family}`;
  const service = labels.fit(context, serviceIn(model, row), right - left);
  const bold = context.font;
  context.font = `${font} ${family}`;
  const isOpen = (model.flags[row]! & flag.open) !== 0;
  const said = `${isOpen ? 'unfinished ' : ''}${textOf(model, row)}`;
  const text = labels.fit(context, said, right - left - service.width);
  const middle = y + frameHeight / 2 + 0.5;
  if (isPlated && text.text !== '') {
    context.fillStyle = fills.colour('bg');
    context.fillRect(left - 3, y + 3, service.width + text.width + 6, frameHeight - 6);
  }
  context.fillStyle = ink;
  context.fillText(text.text, left + service.width, middle);
  if (service.text === '') return;
  context.font = bold;
  context.fillText(service.text, left, middle);
}
