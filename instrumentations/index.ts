import type { LateBuiltin } from '../src/hooks/loading/late-builtins.js';
import type { LazyInstrumentation } from '../src/hooks/loading/modules.js';
import type { AgentPort } from '../src/hooks/port.js';
import { childProcess } from './child-process.js';
import { httpServer } from './http-server.js';
import { workerThreads } from './worker-threads.js';

/** Targets that are part of Node, by the option that switches them: hooked when the agent starts. */
export const builtins: Readonly<Record<string, (agent: AgentPort) => void>> = {
  instrumentHttpServer: httpServer,
  instrumentChildProcess: childProcess,
  instrumentWorkerThreads: (agent) =>
    workerThreads(agent, require('node:worker_threads') as typeof import('node:worker_threads')),
};

/**
 * Targets that need nothing of ours before the first trace, because they publish on channels or look their
 * methods up at each call, by the option that switches them: hooked when it begins.
 */
export const laterBuiltins: Readonly<Record<string, (agent: AgentPort) => void>> = {
  instrumentHttpClient: (agent) => {
    // Both first: what can't be loaded now is tried again, and nothing may be hooked twice.
    const { httpClient } = require('./http-client.js') as typeof import('./http-client.js');
    const { undici } = require('./undici.js') as typeof import('./undici.js');
    try {
      httpClient(agent);
    } finally {
      // Where one can't be hooked, the other one can.
      undici(agent);
    }
  },
};

/** Parts of Node that are too dear to load for nothing, by the option that switches them. */
export const lateBuiltins: Readonly<Record<string, LateBuiltin>> = {
  instrumentHttpClient: {
    module: 'http2',
    install: (agent) =>
      (require('./http2-client.js') as typeof import('./http2-client.js')).http2Client(
        agent,
        require('node:http2') as typeof import('node:http2'),
      ),
  },
};

interface Package extends LazyInstrumentation {
  /** The package's name, and a text of its code that no minifier changes: so it is known in a bundle. */
  readonly mark: { readonly name: string; readonly text: string };
}

/** Packages, by the option that switches them: hooked when one of their files is loaded. */
export const packages: Readonly<Record<string, Package>> = {
  instrumentPg: {
    files: ['pg/lib/client', 'pg-pool/index'],
    mark: { name: 'pg', text: 'Client has already been connected. You cannot reuse a client.' },
    load: (agent) => (require('./pg.js') as typeof import('./pg.js')).pg(agent),
  },
  instrumentMysql2: {
    files: ['mysql2/lib/connection', 'mysql2/lib/base/connection', 'mysql2/lib/pool', 'mysql2/lib/base/pool'],
    mark: { name: 'mysql2', text: "Can't add new command when connection is in closed state" },
    load: (agent) => (require('./mysql2.js') as typeof import('./mysql2.js')).mysql2(agent),
  },
  instrumentGrpc: {
    files: ['@grpc/grpc-js/build/src/resolving-load-balancer', '@grpc/grpc-js/build/src/subchannel'],
    mark: { name: '@grpc/grpc-js', text: 'Resolution note: dns resolver' },
    load: () => (require('./grpc.js') as typeof import('./grpc.js')).grpc(),
  },
};
