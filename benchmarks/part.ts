// The interface of a part of the benchmarks.
import type { Places } from './variants.js';

/** A version of Node under which something is measured. */
export interface Node {
  readonly path: string;
  readonly version: string;
}

/** The circumstances of a run, for each part of the benchmarks. */
export interface Bench {
  /** The folder of the benchmarks' sources: scripts, packages, plots. */
  readonly folder: string;
  readonly places: Places;
  readonly nodes: readonly Node[];
  /** Whether it only has to show that it runs: few rounds, small sizes. */
  readonly isQuick: boolean;
  /** Parts of the names of what is measured, for the calls; all if there is none. */
  readonly only: readonly string[];
  /** The most traces in a store. */
  readonly traces: number;
  say(text: string): void;
}

/** The results of a part, for the page of results. */
export interface Section {
  /** The number of rounds or sizes, for the line above the tables. */
  readonly rounds: string;
  /** Lines of Markdown, without the heading. */
  readonly lines: readonly string[];
  /** The plots that these lines show, by the name of their file. */
  readonly plots: Readonly<Record<string, string>>;
}

/** One question, with a folder of its own. */
export interface Part {
  readonly name: 'startup' | 'requests' | 'calls' | 'scale' | 'stores' | 'findings';
  readonly title: string;
  run(bench: Bench): Promise<Section>;
}
