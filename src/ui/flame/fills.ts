// The colours and patterns of frames, as the styles have them now.
import type { Pattern } from '../../report/page/page-trace.js';

/** Gives colours by their names in the styles, and patterns in these colours. */
export interface Fills {
  colour(name: string): string;
  pattern(pattern: Exclude<Pattern, 'work'>, name: string): CanvasPattern | string;
}

interface Tile {
  readonly width: number;
  readonly height: number;
  draw(context: CanvasRenderingContext2D, colour: string, fills: Pick<Fills, 'colour'>): void;
}

const tiles: Readonly<Record<Exclude<Pattern, 'work'>, Tile>> = {
  blocked: {
    width: 10,
    height: 10,
    draw(context, _colour, { colour }) {
      context.fillStyle = colour('ink');
      context.fillRect(0, 0, 10, 10);
      context.strokeStyle = colour('ink-2');
      context.lineWidth = 3;
      // The tile's neighbours continue its stripe, so it needs the corners too.
      for (const shift of [-10, 0, 10]) {
        context.beginPath();
        context.moveTo(shift - 2, 12);
        context.lineTo(shift + 12, -2);
        context.stroke();
      }
    },
  },
  wait: {
    width: 5,
    height: 4,
    draw(context, colour) {
      context.globalAlpha = 0.16;
      context.fillStyle = colour;
      context.fillRect(0, 0, 5, 4);
      context.globalAlpha = 1;
      context.fillRect(0, 0, 2, 4);
    },
  },
  none: {
    width: 5,
    height: 5,
    draw(context, _colour, { colour }) {
      context.fillStyle = colour('bg-3');
      context.fillRect(0, 0, 5, 5);
      context.fillStyle = colour('ink-2');
      context.beginPath();
      context.arc(2.5, 2.5, 1, 0, 2 * Math.PI);
      context.fill();
    },
  },
};

/** The colours of an element. They hold until the theme changes. */
export function fillsOf(element: HTMLElement): Fills {
  const styles = getComputedStyle(element);
  const colours = new Map<string, string>();
  const patterns = new Map<string, CanvasPattern | string>();
  const fills: Fills = {
    colour(name) {
      const known = colours.get(name) ?? styles.getPropertyValue(`--${name}`).trim();
      colours.set(name, known);
      return known;
    },
    pattern(pattern, name) {
      const key = `${pattern} ${name}`;
      const known = patterns.get(key) ?? tileOf(tiles[pattern], fills.colour(name), fills);
      patterns.set(key, known);
      return known;
    },
  };
  return fills;
}

function tileOf(tile: Tile, colour: string, fills: Fills): CanvasPattern | string {
  const canvas = document.createElement('canvas');
  canvas.width = tile.width;
  canvas.height = tile.height;
  const context = canvas.getContext('2d');
  if (context === null) return colour;
  tile.draw(context, colour, fills);
  return context.createPattern(canvas, 'repeat') ?? colour;
}
