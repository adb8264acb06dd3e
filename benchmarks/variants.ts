// The ways of running the same application: without an agent, with ostrace, with its peers.

/** One way to run the same application. */
export interface Variant {
  readonly name: string;
  /** The package's preload, as people name it; none if the application runs by itself. */
  readonly preload?: Preload;
  /** The folder from which the preload is resolved. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The agents that must be present; unset if that cannot be told. */
  readonly expects: Readonly<Partial<Record<Agent, boolean>>>;
  /** Whether each of its requests carries signed headers. */
  readonly signed?: true;
  /** A tracer that does next to nothing: it counts its points, and tells them at `/points`. */
  readonly isMinimal?: true;
  readonly isPeer?: true;
  /** A peer that records every request. */
  readonly records?: true;
  /** A peer that may send spans which it did not sample. */
  readonly mayRecord?: true;
}

/** The same preload for CommonJS and for ES modules. */
interface Preload {
  readonly require: string;
  readonly import: string;
}

type Agent = 'ostrace' | 'opentelemetry' | 'datadog';

export interface Places {
  /** The folder in which the packed ostrace is installed. */
  readonly scratch: string;
  /** The folder in which an earlier ostrace is installed. It is measured in the peers' place then. */
  readonly before?: string;
  /** The folder in which the peers are installed. */
  readonly peers: string;
  /** The address of a collector that takes a variant's spans and discards them. */
  readonly sinkOf: (variant: string) => string;
  /** The databases, as environment variables. */
  readonly servers: Readonly<Record<string, string>>;
}

/** The key that also signs the requests of the load. */
export const hmacKey = 'benchmark';

/** The peers' variants: each has a collector of its own. */
export const peerNames = [
  'OpenTelemetry on',
  'OpenTelemetry, sampler off',
  'OpenTelemetry disabled',
  'dd-trace on',
  'dd-trace, rate 0',
  'dd-trace disabled',
] as const;
type PeerName = (typeof peerNames)[number];

/** The folder of a variant's events. It is made with its first trace. */
export const storeOf = ({ scratch }: Places, name: string): string =>
  `${scratch}/store-${name.replaceAll(/\W+/g, '-')}`;

const nobody = { ostrace: false, opentelemetry: false, datadog: false };

/** The variants for start-up. A traced process is one that is a trace of its own. */
export function startupVariants(places: Places): readonly Variant[] {
  const { own, none, peers } = kinds(places);
  const empty = `${places.peers}/startup/empty-preload.cjs`;
  return [
    none('none'),
    none('none, once more'),
    { ...none('empty preload'), preload: { require: empty, import: empty } },
    ...own('ostrace disabled', {}),
    ...own('ostrace idle', on),
    ...own('ostrace idle, points by name', { ...on, OSTRACE_POINTS: named }),
    ...own('ostrace traced', { ...on, OSTRACE_PROFILE: hmacKey }),
    ...peers,
  ];
}

/** The variants for requests. A traced request is one with signed headers. */
export function requestVariants(places: Places): readonly Variant[] {
  const { own, none, peers } = kinds(places);
  return [
    none('none'),
    none('none, once more'),
    ...own('ostrace disabled', {}),
    ...own('ostrace idle', on),
    ...own('ostrace traced', on).map((variant) => ({ ...variant, signed: true as const })),
    { ...none(minimalName), preload: twice(`${places.peers}/requests/minimal.cjs`), isMinimal: true },
    ...peers,
  ];
}

/** A tracer that does next to nothing. */
export const minimalName = 'a minimal tracer';

/** The name of a variant of the earlier ostrace. */
export const beforeName = (name: string): string => `${name}, before`;

/** A configuration that names a function, for which Node's loaders get hooks. */
const named = JSON.stringify({
  points: [{ module: 'pg-pool', export: 'default.prototype.query', point: 'pool' }],
});

const on = { OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: hmacKey };

interface Kinds {
  /** Ours, and after it the earlier one, if there is one. */
  own(name: string, env: Variant['env']): readonly Variant[];
  none(name: string): Variant;
  readonly peers: readonly Variant[];
}

function kinds(places: Places): Kinds {
  const baseEnv = { PATH: process.env['PATH'] ?? '', ...places.servers };
  const peer = (
    name: PeerName,
    preload: Preload,
    env: Variant['env'],
    more: Pick<Variant, 'expects' | 'records' | 'mayRecord'>,
  ): Variant => ({
    name,
    preload,
    cwd: places.peers,
    env: { ...baseEnv, ...env },
    isPeer: true,
    ...more,
  });
  const openTelemetry = (name: PeerName, env: Variant['env'], more: Partial<Variant>): Variant =>
    peer(
      name,
      twice('@opentelemetry/auto-instrumentations-node/register'),
      {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${places.sinkOf(name)}/v1/traces`,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        // The detectors of clouds ask addresses that we must not ask.
        OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
        // The work has to be comparable: nothing is dropped, and it is done soon after the requests.
        OTEL_BSP_MAX_QUEUE_SIZE: '50000',
        OTEL_BSP_SCHEDULE_DELAY: '500',
        ...env,
      },
      {
        expects: { ostrace: false, datadog: false, ...more.expects },
        ...(more.records && { records: true }),
      },
    );
  const datadog = (name: PeerName, env: Variant['env'], more: Partial<Variant>): Variant =>
    peer(
      name,
      { require: 'dd-trace/init', import: 'dd-trace/initialize.mjs' },
      {
        DD_TRACE_AGENT_URL: places.sinkOf(name),
        // Everything that is not about traces and talks to others is switched off, in its favour.
        DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
        DD_REMOTE_CONFIGURATION_ENABLED: 'false',
        DD_CRASHTRACKING_ENABLED: 'false',
        DD_TRACE_STARTUP_LOGS: 'false',
        // Without this setting, spans beyond the first hundred of a second are not sampled.
        DD_TRACE_RATE_LIMIT: '-1',
        ...env,
      },
      {
        expects: { ostrace: false, datadog: true },
        ...(more.records && { records: true }),
        ...(more.mayRecord && { mayRecord: true }),
      },
    );
  return {
    own: (name, env) =>
      [
        { name, cwd: places.scratch },
        ...(places.before === undefined ? [] : [{ name: beforeName(name), cwd: places.before }]),
      ].map((variant) => ({
        ...variant,
        preload: twice('ostrace/register'),
        env: { ...baseEnv, ...env, OSTRACE_CONNECTION_STRING: `file://${storeOf(places, variant.name)}` },
        expects: { ...nobody, ostrace: env['OSTRACE_ENABLED'] === 'true' },
      })),
    none: (name) => ({ name, cwd: places.scratch, env: baseEnv, expects: nobody }),
    peers:
      places.before !== undefined
        ? []
        : [
            openTelemetry('OpenTelemetry on', {}, { expects: { opentelemetry: true }, records: true }),
            openTelemetry(
              'OpenTelemetry, sampler off',
              { OTEL_TRACES_SAMPLER: 'always_off' },
              { expects: { opentelemetry: true } },
            ),
            openTelemetry('OpenTelemetry disabled', { OTEL_SDK_DISABLED: 'true' }, {}),
            datadog('dd-trace on', { DD_TRACE_SAMPLE_RATE: '1' }, { records: true }),
            datadog('dd-trace, rate 0', { DD_TRACE_SAMPLE_RATE: '0' }, { mayRecord: true }),
            datadog('dd-trace disabled', { DD_TRACE_ENABLED: 'false' }, {}),
          ],
  };
}

const twice = (name: string): Preload => ({ require: name, import: name });
