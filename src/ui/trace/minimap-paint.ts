// Draws the minimap on its canvas.
import { flag } from '../../report/page/page-trace.js';
import { paintParts } from './parts.js';
import { colourOf } from './row-line.js';
import type { View } from './view.js';

const height = 46;
/** The lines of rows, above the parts. */
const rowsHeight = 36;
const partsHeight = 6;
const offPath = 0.45;

/** The colours of classes, as the styles have them now. */
function coloursOf(element: HTMLElement): (name: string) => string {
  const styles = getComputedStyle(element);
  const known = new Map<string, string>();
  return (name) => {
    const found = known.get(name) ?? styles.getPropertyValue(`--${name}`).trim();
    known.set(name, found);
    return found;
  };
}

/** Draws the rows and the parts; rows that share a line of pixels are drawn over each other, failures last. */
export function paintMinimap(canvas: HTMLCanvasElement, view: View, rows: Int32Array, width: number): void {
  const { model, whole } = view;
  const scale = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = height * scale;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(scale, scale);
  const colour = coloursOf(canvas);
  const x = (at: number): number => ((at - whole.from) / (whole.to - whole.from)) * width;
  const lines = Math.min(rows.length, rowsHeight);
  const step = rowsHeight / Math.max(lines, 8);
  const thick = Math.max(1, Math.min(3, step - 1));
  // What was drawn up to where, on each line of pixels: a row that adds no pixel is passed over.
  const drawn = new Float64Array(lines).fill(-1);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const line = Math.min(lines - 1, Math.floor((index * lines) / rows.length));
    const [left, right] = [x(model.start[row]!), x(model.end[row]!)];
    const isFailed = (model.flags[row]! & flag.failed) !== 0;
    if (!isFailed && right - drawn[line]! < 0.5 && rows.length > lines) continue;
    drawn[line] = Math.max(drawn[line]!, right);
    const name = colourOf(model, row, view.colour.peek());
    context.globalAlpha = model.isOnPath[row] === 1 ? 1 : offPath;
    context.fillStyle = isFailed ? colour('err') : colour(name);
    context.fillRect(left, 3 + line * step, Math.max(1, right - left), thick);
  }
  context.globalAlpha = 1;
  paintParts(context, model.trace, x, { top: height - partsHeight, height: partsHeight, least: 0.5 });
}
