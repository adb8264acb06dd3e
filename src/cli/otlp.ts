// Writes a trace as OpenTelemetry's spans.
import { stringifyTraces } from '../drivers/spans/otlp-json.js';
import { type Span, spanOf } from '../drivers/spans/pairs.js';
import { byResource } from '../drivers/spans/resources.js';
import { type Tree, isStop } from '../report/tree.js';

// OpenTelemetry's own word for it.
const unsaid = { project: '', service: 'unknown_service', host: '' };

/** Writes a trace as OTLP's request for traces, in JSON and in pieces: the spans that the driver would send. */
export function stringifyOtlp(tree: Tree): Generator<string> {
  return stringifyTraces(byResource(spansIn(tree), unsaid), 'ostrace');
}

/** A point without an end is a span until the end of the trace, and says that it has none. */
function* spansIn({ points, startedAt, total }: Tree): Generator<Span> {
  for (const { events } of points) {
    const start = events.findLast((event) => !isStop(event));
    yield spanOf(start, events.findLast(isStop), startedAt + total);
  }
}
