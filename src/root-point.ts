// A part of the composition root: the point of this process or thread as a whole, and where its trace comes from:
// the environment, or the thread that started it.
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';

import { type Config, contextVariables } from './config/config.js';
import { hasTraceEnded, openRing } from './export/ring.js';
import type { ProcessEnd } from './export/process-end.js';
import { type Context, rootContext, setThreadDefault, tracedBy } from './trace/context.js';
import { beginTrace, release } from './trace/trace.js';
import type { Info } from './trace/event.js';
import { newId } from './trace/ids.js';
import { type Point, startPoint } from './trace/point.js';
import { verify } from './trace/signing.js';
import { unseenLibraries } from './trace/unseen.js';

/** The data that a thread which works for a trace gets from the thread that started it. */
export interface Handover {
  readonly config: Config;
  readonly base_id: string;
  readonly parent_id: string;
  readonly hmac_key: string;
  readonly ring: SharedArrayBuffer;
  /** The arguments that the thread sees, if they are not all of those with which it was started. */
  readonly execArgv: readonly string[] | undefined;
}

// A key that the application is unlikely to use.
const handoverKey = 'ostrace:handover';

/** Leaves something for the thread that is started next; undefined removes it. */
export function leaveHandover(handover: Handover | undefined): void {
  setEnvironmentData(handoverKey, handover);
}

/**
 * A process that was started within a trace, or is to be traced as a whole, is a point itself. It is the parent of
 * everything that the process does outside of a request.
 */
export function startProcess(config: Config): Point | undefined {
  if (!isMainThread) return undefined;
  const context = processContext(config);
  if (context === undefined) return undefined;
  const file = process.argv[1] ?? '[code]';
  const point = startPoint('process', context, { process: { file, pid: process.pid } });
  setThreadDefault(point.context, isWhole(config));
  release(point.context.trace);
  return point;
}

function processContext({ hmacKeys, profile }: Config): Context | undefined {
  const { info, hmac } = contextVariables;
  const keys = profile === undefined ? hmacKeys : [...hmacKeys, profile];
  const signed = verify(process.env[info], process.env[hmac], keys);
  // They are used up: what this process starts gets new ones, with a point of this process as its parent.
  delete process.env[info];
  delete process.env[hmac];
  if (signed !== undefined) return tracedBy(signed);
  if (profile === undefined) return undefined;
  const base_id = newId();
  return tracedBy({ base_id, parent_id: base_id, hmac_key: profile });
}

/** Takes what the starting thread left for this one, and removes the traces of how it was passed. */
export function takeHandover(preload: string): Handover | undefined {
  if (isMainThread) return undefined;
  // Threads inherit this argument from a thread that was given it.
  if (process.execArgv[0] === `--require=${preload}`) process.execArgv.shift();
  const handover = getEnvironmentData(handoverKey) as unknown as Handover | undefined;
  if (handover === undefined) return undefined;
  leaveHandover(undefined);
  if (handover.execArgv !== undefined) process.execArgv.splice(0, Infinity, ...handover.execArgv);
  return handover;
}

export function startThread({ config, base_id, parent_id, hmac_key, ring }: Handover): Point {
  const trace = beginTrace(base_id, hmac_key);
  const shared = openRing(ring);
  // A thread of a pool lives on after the request that started it.
  trace.isEndedThere = () => hasTraceEnded(shared);
  const thread = { thread_id: threadId };
  const point = startPoint('thread_main', rootContext(trace, parent_id), { thread });
  setThreadDefault(point.context, isWhole(config));
  release(trace);
  return point;
}

/**
 * Whether the process is traced as a whole, including its server. A process that a traced request started may serve
 * others for years, and none of those requests is part of that trace.
 */
function isWhole({ profile }: Config): boolean {
  return profile !== undefined;
}

/** The info for the stop of that point. */
export function describeEnd({ exit_code, signal }: ProcessEnd): Info | undefined {
  if (!isMainThread) return undefined;
  const unseen = unseenLibraries();
  return { process: { exit_code, ...(signal && { signal }), ...(unseen && { unseen }) } };
}
