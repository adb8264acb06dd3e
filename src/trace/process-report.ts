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
  /** How many requests began a trace by their headers. */
  triggered: number;
}

/** Says of a package why it is left alone, for people. */
export function whySkipped({ name, version, supported }: SkippedPackage): string {
  const ranges = supported.map(([from, below]) => `${from} up to ${below}`).join(', ');
  return `${name} ${version || '(no version)'} is left alone: supported is ${ranges}`;
}

/** What `ostrace doctor` reads of a process. */
export interface ProcessReport extends Findings {
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
