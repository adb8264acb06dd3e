// What the start needs of the targets at once: all else is loaded when the table's rows ask for it.
import type { AgentPort } from '../src/hooks/port.js';
import { childProcess } from './child-process.js';
import { httpServer } from './http-server.js';
import type { StartOption } from './targets.js';
import { workerThreads } from './worker-threads.js';

/** Parts of Node that applications take functions out of: hooked when the agent starts. */
export const atStart: Readonly<Record<StartOption, (agent: AgentPort) => void>> = {
  instrumentHttpServer: httpServer,
  instrumentChildProcess: childProcess,
  instrumentWorkerThreads: (agent) =>
    workerThreads(agent, require('node:worker_threads') as typeof import('node:worker_threads')),
};
