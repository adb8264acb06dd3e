// Reads the stack: the functions and files from which the running code was called.
import * as util from 'node:util';

/** A place on the stack: the name of a function, such as `Pool.dispatch`, and its file, if it has one. */
export interface CallSite {
  readonly name: string;
  readonly file: string | undefined;
}

/**
 * The places from which the running code was called, the innermost first and at most `most` of them. The list is
 * empty if the stack cannot be read.
 */
export function callSites(most: number): readonly CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // Only names and files are read: source maps would translate a whole stack, which takes milliseconds.
    const prepare = (_error: Error, sites: NodeJS.CallSite[]): CallSite[] =>
      sites.map((site) => ({
        name: `${site.getTypeName()}.${site.getFunctionName()}`,
        file: site.getFileName() ?? undefined,
      }));
    // Neither can be set if the application has frozen the language's own objects.
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

/** The same by Node's own function, which exists since 22.9 and knows no types. */
function sitesOf(most: number): readonly CallSite[] {
  const { getCallSites } = util as {
    readonly getCallSites?: (count: number) => readonly { functionName: string; scriptName: string }[];
  };
  return (getCallSites?.(most) ?? []).map(({ functionName, scriptName }) => ({
    name: `.${functionName}`,
    file: scriptName === '' ? undefined : scriptName,
  }));
}
