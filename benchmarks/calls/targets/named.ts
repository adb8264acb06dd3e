// Functions that a configuration names, and a channel that it names.
import { join } from 'node:path';

import { type Kind, load, sources, sync, together } from '../kind.js';

/** The configuration, for `OSTRACE_POINTS`. */
export const namedFile = join(sources, 'calls/targets/named.json');

interface Named {
  price(order: number): number;
  load(order: number): Promise<number>;
  publish(order: number): number;
}

const named = (): Named => load<Named>('./calls/targets/named.cjs');

export const byName: readonly Kind[] = [
  {
    name: 'by name: a function',
    count: 500,
    points: 1,
    async open() {
      const { price } = named();
      return sync(() => price(42))();
    },
  },
  {
    name: 'by name: an async function',
    count: 300,
    points: 1,
    async open() {
      const { load: loaded } = named();
      return together(() => loaded(42));
    },
  },
  {
    name: 'by name: a TracingChannel',
    count: 300,
    points: 1,
    async open() {
      const { publish } = named();
      return sync(() => publish(42))();
    },
  },
];
