// The report of one process to `ostrace doctor`.

/** A package of an unsupported version. */
export interface SkippedPackage {
  readonly name: string;
  /** Empty if the package names none. */
  readonly version: string;
  /** Each range begins at the first version and ends before the second. */
  readonly supported: readonly (readonly [from: string, below: string])[];
}

/** The outcome for the points that a configuration names. */
export interface PointsReport {
  /** The file or the variable that names them; undefined if it cannot be read. */
  readonly source: string | undefined;
  /** The mistakes in it, one line each. */
  readonly problems: readonly string[];
  /** The functions that are points, by the entries that name them. */
  readonly wrapped: readonly { readonly at: string; readonly label: string; readonly module: string }[];
  readonly skipped: readonly { readonly at: string; readonly label: string; readonly why: string }[];
  /** The entries that have matched nothing, and why. */
  readonly unmatched: readonly { readonly at: string; readonly why: string }[];
}

/** The findings about the hooks of one process. */
export interface Findings {
  /** Packages that were hooked when they were loaded, and where they are. */
  readonly hooked: { readonly name: string; readonly version: string; readonly folder: string }[];
  readonly skipped: SkippedPackage[];
  /** Packages that were loaded before the agent. They are traced only if they are among the hooked ones as well. */
  readonly early: string[];
  /** Packages that are part of the application's own file. */
  readonly bundled: string[];
  /** How many trace headers were refused, by reason. */
  readonly refused: Record<string, number>;
  /** The last refused header: its value, and how many seconds ago it was signed, by this clock. */
  lastRefused: { readonly info: string; readonly age: number | undefined } | undefined;
  /** How many requests began a trace by their headers. */
  triggered: number;
  /** How many requests came to servers of `http` and `https`. */
  requests: number;
  /** Loaded packages that communicate in ways that no hook sees. */
  unseen: readonly string[];
  /** Gives what became of points by name, if there are any. */
  points: (() => PointsReport) | undefined;
}

/** Says why a package is left alone, for people. */
export function whySkipped({ name, version, supported }: SkippedPackage): string {
  const ranges = supported.map(([from, below]) => `${from} up to ${below}`).join(', ');
  return `${name} ${version || '(no version)'} is left alone: ${ranges} is supported`;
}

/** How the preload was loaded if neither an argument nor NODE_OPTIONS names it. */
export const byApplication = 'by the application itself';

/** The report of a process that has the preload, as `ostrace doctor` reads it. */
export interface ProcessReport extends Omit<Findings, 'points'> {
  readonly points?: PointsReport;
  readonly node: string;
  readonly pid: number;
  /** When the preload ran, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly script: string | undefined;
  /** How the preload was loaded. */
  readonly loaded: string;
  /** How many files of the application had been loaded before. */
  readonly filesBefore: number;
  /** The value of OSTRACE_ENABLED if the agent is off; null if it is not set. */
  readonly off?: string | null;
  /** The problems of the settings, one line each. */
  readonly problems: readonly string[];
  /** A line for people about variables that were set too late. */
  readonly late?: string;
  /** Whether the process has a listening server. */
  readonly isServer?: boolean;
  /** How many keys it has. The keys themselves are not reported. */
  readonly keys: number;
  /** How many seconds headers are valid. */
  readonly maxAge?: number;
  /** Whether the process is traced as a whole, whatever headers say. */
  readonly isWhole: boolean;
  readonly connectionString: string;
  readonly service: string;
  /** Instrumentations that a setting has switched off. */
  readonly switchedOff: readonly string[];
}
