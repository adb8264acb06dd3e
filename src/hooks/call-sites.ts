/** A place on the stack: `Pool.dispatch` and its file, which is undefined for what has none. */
export interface CallSite {
  readonly name: string;
  readonly file: string | undefined;
}

/** Where the running code was called from, the innermost first; so many at the most. */
export function callSites(most: number): readonly CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = most;
    // Names alone: a whole stack would be translated by source maps, which takes milliseconds.
    Error.prepareStackTrace = (_error, sites) =>
      sites.map((site) => ({
        name: `${site.getTypeName()}.${site.getFunctionName()}`,
        file: site.getFileName() ?? undefined,
      }));
    const { stack } = new Error() as { stack?: unknown };
    return Array.isArray(stack) ? (stack as CallSite[]) : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
}
