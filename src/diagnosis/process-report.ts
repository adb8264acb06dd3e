/** A package of a version that is not supported. */
export interface SkippedPackage {
  readonly name: string;
  /** Empty where the package names none. */
  readonly version: string;
  /** Each range is from the first, up to but without the second. */
  readonly supported: readonly (readonly [from: string, below: string])[];
}

/** What became of the hooks of one process. */
export interface Findings {
  /** Packages that were hooked as they were loaded, and where they are. */
  readonly hooked: { readonly name: string; readonly version: string; readonly folder: string }[];
  readonly skipped: SkippedPackage[];
  /** Packages that were loaded before the agent; what is not among the hooked ones as well is not traced. */
  readonly early: string[];
  /** Packages that are part of the application's own file. */
  readonly bundled: string[];
  /** How many trace headers were refused, by the reason. */
  readonly refused: Record<string, number>;
  /** Of the header that was refused last: what it says, and how many seconds ago it was signed by this clock. */
  lastRefused: { readonly info: string; readonly age: number | undefined } | undefined;
  /** How many requests began a trace by their headers. */
  triggered: number;
  /** How many requests came to servers of `http` and `https`. */
  requests: number;
  /** Packages that talk to others, that are loaded and that nothing sees. */
  unseen: readonly string[];
}

/** Says of a package why it is left alone, for people. */
export function whySkipped({ name, version, supported }: SkippedPackage): string {
  const ranges = supported.map(([from, below]) => `${from} up to ${below}`).join(', ');
  return `${name} ${version || '(no version)'} is left alone: ${ranges} is supported`;
}

/** How the preload was loaded where neither an argument nor NODE_OPTIONS names it. */
export const byApplication = 'by the application itself';

/** What `ostrace doctor` reads of each process that has the preload. */
export interface ProcessReport extends Findings {
  readonly node: string;
  readonly pid: number;
  /** When the preload ran, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly script: string | undefined;
  /** How the preload came to be loaded. */
  readonly loaded: string;
  /** How many files of the application had been loaded by then. */
  readonly filesBefore: number;
  /** What OSTRACE_ENABLED is where the agent is off: null where it is not set. */
  readonly off?: string | null;
  /** What is wrong with the settings, one line each. */
  readonly problems: readonly string[];
  /** What was set too late to count, as a line for people. */
  readonly late?: string;
  /** Whether it has a server that listens. */
  readonly isServer?: boolean;
  /** How many keys it has; not one of them is told. */
  readonly keys: number;
  /** For how many seconds headers are good. */
  readonly maxAge?: number;
  /** Whether the process is traced as a whole, whatever headers say. */
  readonly isWhole: boolean;
  readonly connectionString: string;
  readonly service: string;
  /** Instrumentations that a setting switched off. */
  readonly switchedOff: readonly string[];
}
