// Messages from a process to its child processes and from a thread to its worker threads: an `rpc` point for each message
// at its sender, and one below it at its receiver. What comes back is an answer, and carries nothing.
import { normalize } from 'node:path';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

import type { AgentPort } from '../src/hooks/port.js';
import { watchChildren } from '../src/hooks/targets/child-messages.js';
import { type HandedMessages, messagesKey, threadMessages } from '../src/hooks/targets/thread-messages.js';
import { packageTargets } from './targets.js';

/** Hooks what makes receivers, and what receives in a process or a thread that was made as one. */
export function messages(agent: AgentPort): void {
  watchChildren(agent);
  // These pools have instrumentations of their own.
  const pools = packageTargets.flatMap(({ threadMain }) =>
    threadMain === undefined ? [] : `/${threadMain}`,
  );
  // They name their file by a text, in which `..` may stand; another value may run code of the application's.
  const isOfPool = (file: unknown): boolean => {
    if (typeof file !== 'string') return false;
    const path = normalize(file).replaceAll('\\', '/');
    return pools.some((main) => path.endsWith(main));
  };
  threadMessages.of = (file) =>
    isOfPool(file) ? undefined : (threadMessages.loaded ??= load().messagesToThreads(agent));
  receive(agent);
}

const load = (): typeof import('../src/hooks/targets/message-threads.js') =>
  require('../src/hooks/targets/message-threads.js') as typeof import('../src/hooks/targets/message-threads.js');

function receive(agent: AgentPort): void {
  if (isMainThread) {
    if (typeof process.send !== 'function') return;
    const { messagesOfProcess } =
      require('../src/hooks/targets/message-process.js') as typeof import('../src/hooks/targets/message-process.js');
    messagesOfProcess(agent);
    return;
  }
  const handed = getEnvironmentData(messagesKey) as unknown as HandedMessages | undefined;
  if (handed === undefined) return;
  // Threads that this one starts would inherit it.
  setEnvironmentData(messagesKey, undefined);
  const { messagesOfThread } =
    require('../src/hooks/targets/message-thread.js') as typeof import('../src/hooks/targets/message-thread.js');
  messagesOfThread(agent, handed);
}
