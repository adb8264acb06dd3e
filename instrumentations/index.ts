// The targets that are needed at the start. All others are loaded when the rows of the table ask for them.
import type { AgentPort } from '../src/hooks/port.js';
import { childProcess } from './child-process.js';
import { httpServer } from './http-server.js';
import { messages } from './messages.js';
import type { StartOption } from './targets.js';
import { workerThreads } from './worker-threads.js';

/** Parts of Node out of which applications take functions. They are hooked when the agent starts. */
export const atStart: Readonly<Record<StartOption, (agent: AgentPort) => void>> = {
  instrumentHttpServer: httpServer,
  instrumentChildProcess: childProcess,
  instrumentMessages: messages,
  instrumentWorkerThreads: (agent) =>
    workerThreads(agent, require('node:worker_threads') as typeof import('node:worker_threads')),
};
