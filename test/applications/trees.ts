import type { SeenPoint } from '../scenario.js';

/** All points of a name, wherever they are in the trees. */
export function pointsOf(trees: readonly SeenPoint[], name: string): SeenPoint[] {
  return trees.flatMap((point) => [
    ...(point.name === name ? [point] : []),
    ...pointsOf(point.children, name),
  ]);
}

/** The parameters of a `sql` point. */
export function paramsOf(point: SeenPoint): unknown {
  return (point.start.info['db'] as { params?: unknown }).params;
}
