// The waits of calls before they begin: the facts that say them, in the order in which a call waits, and their words.
import type { Info } from '../trace/event.js';
import type { Fact } from '../trace/vocabulary.js';
import { numberFact } from './facts.js';

/** A fact that says how long a call waited for something. */
export type WaitFact<Group extends 'db' | 'requests'> = Fact<Group> & `wait_${string}`;

/** A wait, with its words. */
interface WaitOf<Group extends 'db' | 'requests'> {
  /** The group of facts that says it. */
  readonly group: Group;
  /** Its fact, in milliseconds. */
  readonly fact: WaitFact<Group>;
  /** The words after a time: `waited 400 ms for the pool`. */
  readonly aim: string;
  /** Its name where it has a line or a row of its own. */
  readonly what: string;
  /** The same in two words or three. */
  readonly short: string;
}

type Wait = WaitOf<'db'> | WaitOf<'requests'>;

const waits: readonly Wait[] = [
  {
    group: 'db',
    fact: 'wait_pool_ms',
    aim: 'for the pool',
    what: 'waited for a connection of the pool',
    short: 'pool wait',
  },
  {
    group: 'db',
    fact: 'wait_connect_ms',
    aim: 'to connect',
    what: 'connected to the server',
    short: 'connecting',
  },
  {
    group: 'db',
    fact: 'wait_turn_ms',
    aim: 'for its turn',
    what: 'waited for its turn on the connection',
    short: 'turn wait',
  },
  {
    group: 'requests',
    fact: 'wait_socket_ms',
    aim: 'for a socket',
    what: 'waited for a free socket',
    short: 'socket wait',
  },
  { group: 'requests', fact: 'wait_dns_ms', aim: 'for DNS', what: 'looked up the address', short: 'DNS' },
  {
    group: 'requests',
    fact: 'wait_connect_ms',
    aim: 'to connect',
    what: 'connected to the server',
    short: 'connecting',
  },
  {
    group: 'requests',
    fact: 'wait_tls_ms',
    aim: 'for TLS',
    what: 'agreed on encryption (TLS)',
    short: 'TLS',
  },
];

/**
 * How long a call waited for one thing, in microseconds; 0 if its stop does not say it.
 *
 * @param stop the info of the call's stop
 */
export function waitedFor<Group extends 'db' | 'requests'>(
  stop: Info | undefined,
  group: Group,
  fact: WaitFact<Group>,
): number {
  return Math.max(0, Math.round((numberFact(stop, group, fact) ?? 0) * 1000));
}

/** The waits of a call, in the order in which it had them. Most points are no calls, and most calls wait for nothing. */
export function waitsIn(stop: Info | undefined): readonly { readonly wait: Wait; readonly micros: number }[] {
  if (stop?.['db'] === undefined && stop?.['requests'] === undefined) return none;
  let told: { wait: Wait; micros: number }[] | undefined;
  for (const wait of waits) {
    const micros = waitedFor(stop, wait.group, wait.fact as Fact<'db'> & WaitFact<'requests'>);
    if (micros > 0) (told ??= []).push({ wait, micros });
  }
  return told ?? none;
}

const none: ReturnType<typeof waitsIn> = [];
