// Sorts spans by what made them: OpenTelemetry's resources are a service on a host.
import type { DriverSettings } from '../driver.js';
import type { Attributes } from './attributes.js';
import type { Span } from './pairs.js';

/** The spans of one service on one host. */
export interface ResourceSpans {
  readonly attributes: Attributes;
  readonly spans: readonly Span[];
}

/**
 * Sorts spans by their services and hosts. A batch may hold what another process left behind, so its services are
 * those of the spans.
 *
 * @param otherwise stands for what a span does not say; an empty host or project is left out
 */
export function byResource(
  spans: Iterable<Span>,
  otherwise: Pick<DriverSettings, 'project' | 'service' | 'host'>,
): readonly ResourceSpans[] {
  const resources = new Map<string, ResourceSpans & { readonly spans: Span[] }>();
  for (const span of spans) {
    const project = span.project ?? otherwise.project;
    const service = span.service ?? otherwise.service;
    const host = span.host || otherwise.host;
    const key = JSON.stringify([project, service, host]);
    let resource = resources.get(key);
    if (resource === undefined) {
      const attributes: Attributes = new Map([['service.name', service]]);
      if (project !== '') attributes.set('service.namespace', project);
      if (host !== '') attributes.set('host.name', host);
      resources.set(key, (resource = { attributes, spans: [] }));
    }
    resource.spans.push(span);
  }
  return [...resources.values()];
}
