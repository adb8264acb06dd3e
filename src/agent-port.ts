// The agent's port, which the hooks use: a part of the composition root.
import type { Config } from './config/config.js';
import type { Exporter } from './export/exporter.js';
import { createRing } from './export/ring.js';
import type { AgentPort } from './hooks/port.js';
import type { messageHeaders } from './hooks/targets/message-headers.js';
import { type Handover, leaveHandover } from './root-point.js';
import { isRecorded } from './trace/context.js';
import { traceHeaders } from './trace/headers.js';
import { createStamp } from './trace/stamp.js';
import { onceEnded } from './trace/trace.js';

// Room for some thousand events: the thread that reads the ring looks at it ten times a second and more often.
const poolRingBytes = 1024 * 1024;

/** The ring that this thread writes its events into, if another thread reads it. */
export interface Rings {
  own: SharedArrayBuffer | undefined;
}

/**
 * Makes the agent's port.
 *
 * @param exporter gives the exporter of this thread, which is made when it is first asked for
 */
export function createPort(
  config: Config,
  exporter: () => Exporter,
  preload: string,
  verify: AgentPort['verify'],
  rings: Rings,
  ownPort: AgentPort['ownPort'],
): AgentPort {
  // Made for the first outgoing request.
  let carriesTo: AgentPort['carriesTo'] | undefined;
  // Made for the first message.
  let ofMessage: typeof messageHeaders | undefined;
  const port: AgentPort = {
    verify,
    headersFor: ({ trace, id }) =>
      traceHeaders({ base_id: trace.base_id, parent_id: id.text, hmac_key: trace.hmac_key }),
    traceSql: config.traceSql,
    traceSqlParams: config.traceSqlParams,
    maskSql: config.maskSql,
    traceCommandArgs: config.traceCommandArgs,
    carriesTo(host) {
      carriesTo ??= (
        require('./propagation/destinations.js') as typeof import('./propagation/destinations.js')
      ).destinations(config.propagateTo);
      return carriesTo(host);
    },
    messageHeaders(sender, to, given) {
      ofMessage ??= (
        require('./hooks/targets/message-headers.js') as typeof import('./hooks/targets/message-headers.js')
      ).messageHeaders;
      return ofMessage(port, sender, to, given);
    },
    oslo:
      config.osloRead || config.osloWrite
        ? (require('./propagation/oslo.js') as typeof import('./propagation/oslo.js')).osloMessages(config)
        : undefined,
    peers: createStamp(),
    writing: { request: undefined, isRpc: false },
    rpcServers: createStamp(),
    preload,
    environment: () => process.env,

    processVariables(context, given) {
      const { childVariables } = require('./child-variables.js') as typeof import('./child-variables.js');
      return childVariables(config, context, given, (name) => process.env[name]);
    },

    ownPort,
    newRing: () => createRing(poolRingBytes).memory,
    readRing: (memory) => exporter().handRing(memory).close,
    useRing(memory) {
      rings.own ??= memory;
    },

    handToThread(context, execArgv) {
      const { trace, id } = context;
      const ring = exporter().handRing();
      const forget = onceEnded(() => !isRecorded(context), ring.endTrace);
      const handover: Handover = {
        config,
        base_id: trace.base_id,
        parent_id: id.text,
        hmac_key: trace.hmac_key,
        ring: ring.memory,
        execArgv,
      };
      leaveHandover(handover);
      return {
        isStarted: () => leaveHandover(undefined),
        watch(transferList) {
          const { handsPort, watchPosts } =
            require('./hooks/sources/posts.js') as typeof import('./hooks/sources/posts.js');
          if (!handsPort(transferList)) return watchPosts(trace, ring.share);
          ring.share();
          return undefined;
        },
        close() {
          // The listener holds the ring's memory, and one trace may have many threads.
          forget();
          ring.close();
        },
      };
    },
  };
  return port;
}
