// Sends the signed request of `ostrace doctor` and looks for its trace.
import { setTimeout as delay } from 'node:timers/promises';

import type { Config } from '../config/config.js';
import { newId } from '../trace/ids.js';
import { infoHeader, traceHeaders } from '../trace/headers.js';
import { messageOf } from '../trace/notice.js';
import type { Shell } from './command.js';
import type { Check } from './doctor-checks.js';
import { ProtocolError, send } from './send.js';
import { storeName, withStore } from './store.js';

const pollMs = 100;
// Clocks that differ by this much do not differ because of rounding.
const clockSeconds = 3;

/** The outcome of a signed request. */
export interface Asked {
  readonly checks: readonly Check[];
  /** The value of its X-Trace-Info header. */
  readonly info: string;
  readonly isAnswered: boolean;
  /** Whether something accepted the request and did not answer in time. */
  readonly isLate: boolean;
  /** Why there was no answer. */
  readonly failed?: string;
  /** Whether something answered in another protocol. */
  readonly isOtherProtocol?: boolean;
  /** Whether its trace is in the store; undefined if the store cannot be read. */
  readonly isFound: boolean | undefined;
  /** The number of seconds by which the service's clock is ahead of this one, if the service tells its time. */
  readonly clock: number;
}

/**
 * Sends a signed request and looks for its trace.
 *
 * @param config undefined if it is unclear which store is meant
 * @param waitMs how long it may take until something answers, then the answer, and then the trace
 * @param isOver whether the program that should answer has ended
 */
export async function ask(
  shell: Shell,
  url: URL,
  config: Config | undefined,
  hmac_key: string,
  waitMs: number,
  isOver: () => boolean,
): Promise<Asked> {
  const base_id = newId();
  const headers = traceHeaders({ base_id, parent_id: base_id, hmac_key });
  const info = headers[infoHeader]!;
  const answer = await answerOf(url, headers, waitMs, isOver);
  const { failed, isLate = false, isOtherProtocol = false, status, clock } = answer;
  const isAnswered = failed === undefined;
  // A request that hangs has begun its trace.
  const seen = { info, isAnswered, isLate, clock };
  if (!isAnswered && !isLate)
    return { ...seen, failed, isOtherProtocol, checks: [problem(failed)], isFound: undefined };
  shell.say(`trace ${base_id}`);
  const said = isAnswered ? `answered ${status}` : failed;
  let count: number;
  try {
    count = config === undefined ? 0 : await eventsOf(config, base_id, waitMs);
  } catch (error) {
    const checks = [problem(`${said}, and the store cannot be read to see its trace: ${messageOf(error)}`)];
    return { ...seen, checks, isFound: undefined };
  }
  const isFound = config === undefined ? undefined : count > 0;
  const found = isFound === true && isAnswered;
  const checks: Check[] = found
    ? [{ name: 'request', status: 'ok', says: `${said}, and its trace is in the store (${base_id})` }]
    : [problem(`${said}, ${traceWords(isFound, config, waitMs, base_id)}`)];
  if (Math.abs(clock) >= clockSeconds) {
    const ahead = clock > 0 ? 'ahead of' : 'behind';
    const says = `the service's clock is ${Math.abs(clock)} s ${ahead} the one here, by its Date header: a smaller OSTRACE_HMAC_MAX_AGE refuses every header`;
    checks.push({ name: 'clock', status: found ? 'hint' : 'problem', says });
  }
  return { ...seen, checks, isFound };
}

const problem = (says: string): Check => ({ name: 'request', status: 'problem', says });

function traceWords(
  isFound: boolean | undefined,
  config: Config | undefined,
  waitMs: number,
  base_id: string,
): string {
  if (isFound === true) return `and its trace is in the store (${base_id})`;
  return config === undefined
    ? 'and there is no store in which to look for its trace'
    : `but no event of its trace arrived in the store within ${waitMs / 1000} s (${storeName(config)})`;
}

interface Answer {
  readonly failed?: string;
  /** Whether something accepted the request and did not answer in time. */
  readonly isLate?: boolean;
  readonly isOtherProtocol?: boolean;
  readonly status?: number | undefined;
  readonly clock: number;
}

/** Sends a request, again and again while nothing listens, because the program may still be starting. */
async function answerOf(
  url: URL,
  headers: Record<string, string>,
  waitMs: number,
  isOver: () => boolean,
): Promise<Answer> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    let status: number | undefined;
    let clock = 0;
    try {
      await send({ url, method: 'GET', headers, body: undefined, timeoutMs: waitMs }, async (response) => {
        status = response.statusCode;
        const date = Date.parse(response.headers.date ?? '');
        // The header has only whole seconds.
        if (!Number.isNaN(date)) clock = Math.round((date - Date.now()) / 1000);
        await response.resume().toArray();
      });
      return { status, clock };
    } catch (error) {
      const message = messageOf(error);
      if (/ took longer than /.test(message)) {
        const where = `${url.origin}${url.pathname}`;
        const failed = `the answer of ${where} took longer than ${waitMs / 1000} s (--wait SECONDS waits longer)`;
        return { failed, isLate: true, status, clock };
      }
      if (performance.now() >= deadline || isOver()) {
        return { failed: message, isOtherProtocol: error instanceof ProtocolError, clock };
      }
      await delay(pollMs);
    }
  }
}

function eventsOf(config: Config, base_id: string, waitMs: number): Promise<number> {
  const deadline = performance.now() + waitMs;
  return withStore(config, async (driver) => {
    for (;;) {
      const stored = await driver.read(base_id);
      if (stored !== undefined) return stored.events.length;
      if (performance.now() >= deadline) return 0;
      await delay(pollMs);
    }
  });
}
