// Completes the page with data: one file that shows a trace wherever it is opened.
import type { PageComparison } from './comparison.js';
import type { Page } from './page-trace.js';

/** The ids of the elements that hold data. */
export const dataIds = { trace: 'trace', events: 'events-', comparison: 'comparison' } as const;

/** Shorter data stands in the file as it is, so that people and programs can read it there. */
const maxPlainLength = 64 * 1024;

const nowhere = "connect-src 'none'";

/** The page as a server sends it: it may ask that server for data. */
export const servedPage = (template: string): string => template.replace(nowhere, "connect-src 'self'");

/** The policy that a page declares, for a server's header. */
export function policyOf(page: string): string {
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  if (policy === undefined) throw new Error('the page has no policy: it was not built by npm run build');
  return policy;
}

/**
 * Writes the page of a trace in pieces, with all of its data.
 *
 * @param template the built page
 * @param compress gives the gzip of a text in base64
 */
export function* pageFile(
  template: string,
  { trace, pieces, eventsOf }: Page,
  compress: (text: string) => string,
): Generator<string> {
  yield* withData(template, function* () {
    yield dataElement(dataIds.trace, trace, compress);
    for (let piece = 0; piece < pieces; piece++) {
      yield dataElement(`${dataIds.events}${piece}`, eventsOf(piece), compress);
    }
  });
}

/** Writes the page of two traces beside each other, with all of its data; the parameters are those of `pageFile`. */
export function* comparisonFile(
  template: string,
  comparison: PageComparison,
  compress: (text: string) => string,
): Generator<string> {
  yield* withData(template, function* () {
    yield dataElement(dataIds.comparison, comparison, compress);
  });
}

function* withData(template: string, elements: () => Iterable<string>): Generator<string> {
  const end = template.lastIndexOf('</body>');
  yield template.slice(0, end);
  yield* elements();
  yield template.slice(end);
}

/** Data is no code: a browser does not run it. No tag can end in it, because it has no `<`. */
function dataElement(id: string, data: unknown, compress: (text: string) => string): string {
  const json = JSON.stringify(data);
  const isPlain = json.length <= maxPlainLength;
  const text = isPlain ? json.replaceAll('<', '\\u003c') : compress(json);
  return `<script type="application/${isPlain ? 'json' : 'gzip'}" id="${id}">${text}</script>\n`;
}
