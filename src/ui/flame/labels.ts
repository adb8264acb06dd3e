// The texts in frames, cut to their width. To measure a text takes longer than to draw its frame, so widths are kept.
import type { Model, Row } from '../trace/model.js';
import { namesService, serviceOf, timeText, timesOf, titleOf } from '../trace/words.js';

const most = 4000;

/** Cuts texts to a width. */
export class Labels {
  readonly #widths = new Map<string, number>();

  #widthOf(context: CanvasRenderingContext2D, text: string): number {
    const key = `${context.font} ${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    if (this.#widths.size >= most) this.#widths.clear();
    const width = context.measureText(text).width;
    this.#widths.set(key, width);
    return width;
  }

  /** The text, or its beginning with … if it is wider; '' if nothing of it has room. */
  fit(context: CanvasRenderingContext2D, text: string, room: number): { text: string; width: number } {
    const whole = this.#widthOf(context, text);
    if (whole <= room) return { text, width: whole };
    let length = Math.floor((text.length * room) / whole);
    for (; length > 0; length--) {
      const cut = `${text.slice(0, length).trimEnd()}…`;
      const width = context.measureText(cut).width;
      if (width <= room) return { text: cut, width };
    }
    return { text: '', width: 0 };
  }
}

/** The service that a frame names; '' if it is that of the row above. */
export const serviceIn = (model: Model, row: Row): string =>
  namesService(model, row) ? `${serviceOf(model, row)} ` : '';

/** What a frame says. A long title must not hide the time, so only its beginning is taken. */
export function textOf(model: Model, row: Row): string {
  const times = timesOf(model, row);
  const time = timeText(model.end[row]! - model.start[row]!);
  const title = titleOf(model, row).slice(0, 120);
  return `${times}${times === '' ? '' : ' '}${title} ${time}`;
}
