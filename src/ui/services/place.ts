// The places of boxes: in layers, by how many calls away from the first service they are.
import type { Graph } from './graph.js';

/** A box has room for two short lines. */
export const boxWidth = 156;
export const boxHeight = 46;
const gapBetween = 18;
const leastBetweenLayers = 56;
const mostBetweenLayers = 130;
/** A map of more boxes says nothing; the list below it has all. */
const mostBoxes = 20;

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The map in pixels. */
export interface Map2d {
  readonly width: number;
  readonly height: number;
  /** The place of each box that is shown, by its index. */
  readonly places: ReadonlyMap<number, Place>;
  /** Whether layers stand below each other, because there is no room beside each other. */
  readonly isDown: boolean;
}

/** The indexes of the boxes that are shown: the first, and those with most time. */
export function boxesShown({ boxes }: Graph): ReadonlySet<number> {
  const order = [...boxes.keys()].toSorted(
    (a, b) => boxes[b]!.path - boxes[a]!.path || boxes[b]!.points - boxes[a]!.points || a - b,
  );
  return new Set(
    [...(boxes.length > 0 ? [0] : []), ...order.filter((index) => index > 0)].slice(0, mostBoxes),
  );
}

/** How many calls each box is away from the first one; what no shown call leads to comes last. */
function layersOf({ lines }: Graph, shown: ReadonlySet<number>): readonly (readonly number[])[] {
  const layers: number[][] = [];
  const seen = new Set<number>();
  let now = shown.has(0) ? [0] : [];
  while (now.length > 0) {
    layers.push(now);
    for (const index of now) seen.add(index);
    const from = now;
    const next = lines
      .filter((line) => from.includes(line.from) && shown.has(line.to) && !seen.has(line.to))
      .toSorted((a, b) => from.indexOf(a.from) - from.indexOf(b.from));
    now = [...new Set(next.map(({ to }) => to))];
  }
  const rest = [...shown].filter((index) => !seen.has(index));
  return rest.length === 0 ? layers : [...layers, rest];
}

/**
 * Places the boxes from left to right, or downwards where the width is too small for that.
 *
 * @param width that there is, in pixels
 */
export function placeBoxes(graph: Graph, shown: ReadonlySet<number>, width: number): Map2d {
  const layers = layersOf(graph, shown);
  const least = layers.length * boxWidth + (layers.length - 1) * leastBetweenLayers;
  return least > width ? downwards(layers, width) : rightwards(layers, width);
}

function rightwards(layers: readonly (readonly number[])[], width: number): Map2d {
  const room = (width - layers.length * boxWidth) / Math.max(1, layers.length - 1);
  const step = boxWidth + Math.min(mostBetweenLayers, room);
  const most = Math.max(1, ...layers.map((layer) => layer.length));
  const height = most * boxHeight + (most - 1) * gapBetween;
  const places = new Map<number, Place>();
  for (const [at, layer] of layers.entries()) {
    const high = layer.length * boxHeight + (layer.length - 1) * gapBetween;
    for (const [index, box] of layer.entries()) {
      places.set(box, { x: at * step, y: (height - high) / 2 + index * (boxHeight + gapBetween) });
    }
  }
  return { width: (layers.length - 1) * step + boxWidth, height, places, isDown: false };
}

function downwards(layers: readonly (readonly number[])[], width: number): Map2d {
  const beside = Math.max(1, Math.floor((width + gapBetween) / (boxWidth + gapBetween)));
  const places = new Map<number, Place>();
  let y = 0;
  for (const layer of layers) {
    for (let first = 0; first < layer.length; first += beside) {
      const row = layer.slice(first, first + beside);
      const wide = row.length * boxWidth + (row.length - 1) * gapBetween;
      for (const [index, box] of row.entries()) {
        places.set(box, { x: (width - wide) / 2 + index * (boxWidth + gapBetween), y });
      }
      y += boxHeight + gapBetween;
    }
    y += leastBetweenLayers - gapBetween;
  }
  return { width, height: Math.max(0, y - leastBetweenLayers), places, isDown: true };
}
