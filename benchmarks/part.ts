import type { Places } from './variants.js';

/** A Node that is measured under. */
export interface Node {
  readonly path: string;
  readonly version: string;
}

/** What a part of the benchmarks is given. */
export interface Bench {
  /** The folder of the benchmarks' sources: scripts, packages, plots. */
  readonly folder: string;
  readonly places: Places;
  readonly nodes: readonly Node[];
  /** Only shows that it runs: few rounds, small sizes. */
  readonly isQuick: boolean;
  /** The most traces in a store. */
  readonly traces: number;
  say(text: string): void;
}

/** What a part found out, for the page of results. */
export interface Section {
  /** How often what was measured, for the line above the tables. */
  readonly rounds: string;
  /** Lines of Markdown, without the heading. */
  readonly lines: readonly string[];
  /** The plots that these lines show, by the name of their file. */
  readonly plots: Readonly<Record<string, string>>;
}

/** One question, with a folder of its own. */
export interface Part {
  readonly name: 'startup' | 'requests' | 'calls' | 'scale' | 'stores';
  readonly title: string;
  run(bench: Bench): Promise<Section>;
}
