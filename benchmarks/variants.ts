/** One way to run the same application. */
export interface Variant {
  readonly name: string;
  /** The package's preload, as people name it; none where the application runs by itself. */
  readonly preload?: string;
  /** Where the preload is resolved from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The agents that have to be there; unset where that can't be told. */
  readonly expects: { readonly ostrace: boolean; readonly opentelemetry?: boolean };
  /** Each of its requests carries signed headers. */
  readonly signed?: true;
  readonly isPeer?: true;
}

export interface Places {
  /** Where the packed ostrace is installed. */
  readonly scratch: string;
  /** Where the peers are installed. */
  readonly peers: string;
  /** The base address of a collector that takes spans and discards them. */
  readonly sink: string;
}

/** Also signs the requests of the load. */
export const hmacKey = 'benchmark';

const baseEnv = {
  PATH: process.env['PATH'] ?? '',
  PGHOST: process.env['PGHOST'] ?? '127.0.0.1',
  PGPORT: process.env['PGPORT'] ?? '5432',
  PGUSER: process.env['PGUSER'] ?? 'postgres',
  PGDATABASE: process.env['PGDATABASE'] ?? 'postgres',
};

/** Where a variant's events go; the folder is made with its first trace. */
export const storeOf = ({ scratch }: Places, name: string): string =>
  `${scratch}/store-${name.replaceAll(/\W+/g, '-')}`;

export function variants(places: Places): readonly Variant[] {
  const ostrace = (name: string, env: Variant['env']): Variant => ({
    name,
    preload: 'ostrace/register',
    cwd: places.scratch,
    env: { ...baseEnv, ...env, OSTRACE_CONNECTION_STRING: `file://${storeOf(places, name)}` },
    expects: { ostrace: env['OSTRACE_ENABLED'] === 'true', opentelemetry: false },
  });
  const on = { OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: hmacKey };
  const none: Variant = {
    name: 'none',
    cwd: places.scratch,
    env: baseEnv,
    expects: { ostrace: false, opentelemetry: false },
  };
  return [
    none,
    { ...none, name: 'none, once more' },
    ostrace('ostrace disabled', {}),
    ostrace('ostrace idle', on),
    { ...ostrace('ostrace traced', on), signed: true },
    openTelemetry(places, 'OpenTelemetry on', {}, true),
    openTelemetry(places, 'OpenTelemetry, sampler off', { OTEL_TRACES_SAMPLER: 'always_off' }, true),
    openTelemetry(places, 'OpenTelemetry disabled', { OTEL_SDK_DISABLED: 'true' }),
  ];
}

function openTelemetry(
  { peers, sink }: Places,
  name: string,
  env: Variant['env'],
  isThere?: boolean,
): Variant {
  return {
    name,
    preload: '@opentelemetry/auto-instrumentations-node/register',
    cwd: peers,
    env: {
      ...baseEnv,
      ...env,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${sink}/${encodeURIComponent(name)}`,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      // The detectors of clouds ask addresses that are not ours to ask.
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
      // The work has to be comparable: nothing is dropped, and it is done soon after the requests.
      OTEL_BSP_MAX_QUEUE_SIZE: '50000',
      OTEL_BSP_SCHEDULE_DELAY: '500',
    },
    expects: { ostrace: false, ...(isThere !== undefined && { opentelemetry: isThere }) },
    isPeer: true,
  };
}
