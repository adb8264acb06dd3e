/** What became of the hooks of one process. */
export interface Diagnosis {
  /** Packages that were hooked as they were loaded, and where they are. */
  readonly hooked: { readonly name: string; readonly version: string; readonly folder: string }[];
  /** Packages of versions that are not supported: each range is from the first, up to but without the second. */
  readonly skipped: {
    readonly name: string;
    readonly version: string;
    readonly supported: readonly (readonly [from: string, below: string])[];
  }[];
  /** Packages that were loaded before the agent; what is not among the hooked ones as well is not traced. */
  readonly early: string[];
  /** Packages that are part of the application's own file. */
  readonly bundled: string[];
  /** How many trace headers were refused, by the reason. */
  readonly refused: Record<string, number>;
  /** How many requests began a trace by their headers. */
  triggered: number;
}

/** What `ostrace doctor` reads of a process. */
export interface ProcessReport extends Diagnosis {
  readonly node: string;
  readonly pid: number;
  readonly script: string | undefined;
  /** How the preload came to be loaded. */
  readonly loaded: string;
  /** How many keys it has; not one of them is told. */
  readonly keys: number;
  /** Whether the process is traced as a whole, whatever headers say. */
  readonly isWhole: boolean;
  readonly connectionString: string;
  readonly service: string;
  /** Instrumentations that a setting switched off. */
  readonly switchedOff: readonly string[];
}
