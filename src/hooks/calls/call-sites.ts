import * as util from 'node:util';

/** A place on the stack: `Pool.dispatch` and its file, which is undefined for what has none. */
export interface CallSite {
  readonly name: string;
  readonly file: string | undefined;
}

/** Where the running code was called from, the innermost first; so many at the most. None where it can't be read. */
export function callSites(most: number): readonly CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // Names alone: a whole stack would be translated by source maps, which takes milliseconds.
    const prepare = (_error: Error, sites: NodeJS.CallSite[]): CallSite[] =>
      sites.map((site) => ({
        name: `${site.getTypeName()}.${site.getFunctionName()}`,
        file: site.getFileName() ?? undefined,
      }));
    // Neither can be set where the language's own objects are frozen.
    const isSet =
      Reflect.set(Error, 'stackTraceLimit', most) && Reflect.set(Error, 'prepareStackTrace', prepare);
    const { stack } = (isSet ? new Error() : {}) as { stack?: unknown };
    return Array.isArray(stack) ? (stack as CallSite[]) : sitesOf(most);
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

/** The same by Node's own function, which there is since 22.9; it knows no types. */
function sitesOf(most: number): readonly CallSite[] {
  const { getCallSites } = util as {
    readonly getCallSites?: (count: number) => readonly { functionName: string; scriptName: string }[];
  };
  return (getCallSites?.(most) ?? []).map(({ functionName, scriptName }) => ({
    name: `.${functionName}`,
    file: scriptName === '' ? undefined : scriptName,
  }));
}
