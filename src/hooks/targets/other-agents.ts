// Recognises the requests that other agents of the process send to their collectors. They send them from timers that
// were made within a traced request. The context is therefore that request's, although the request has no part in
// them.
import type { ClientRequest } from 'node:http';

import { read } from '../guard.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a request of the running code is another agent's own. */
export function isOtherAgents(request: ClientRequest, environment: () => Environment): boolean {
  return isSuppressed() || ('_ddtrace' in globalThis && isForDatadog(request, environment()));
}

interface OpenTelemetry {
  readonly context?: { active(): { getValue(key: symbol): unknown } };
}

const api = Symbol.for('opentelemetry.js.api.1');
const suppressing = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Whether OpenTelemetry suppresses tracing in the running code: its exporters run in such a context. */
export function isSuppressed(): boolean {
  const otel = (globalThis as { [api]?: OpenTelemetry })[api];
  return otel !== undefined && read(() => otel.context?.active().getValue(suppressing)) === true;
}

// The place where dd-trace first looks for the Datadog agent if no setting names one.
const usualSocket = '/var/run/datadog/apm.socket';

/** dd-trace marks nothing, but it sends everything to the Datadog agent, whose place its settings name. */
function isForDatadog(request: ClientRequest, environment: Environment): boolean {
  const host = environment['DD_AGENT_HOST'] ?? environment['DD_TRACE_AGENT_HOSTNAME'] ?? '127.0.0.1';
  const port = environment['DD_TRACE_AGENT_PORT'] ?? '8126';
  const given = environment['DD_TRACE_AGENT_URL'] ?? `http://${host}:${port}`;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const { socketPath } = request as { socketPath?: unknown };
  return socketPath === undefined
    ? url !== undefined && request.getHeader('host') === url.host
    : socketPath === usualSocket || socketPath === url?.pathname;
}
