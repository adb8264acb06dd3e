// Callees by their names.
import type { Callee } from './rpc-contract.js';

// Names may be endless: some have ids in them.
const most = 500;

/**
 * Gives the callee that a name means, and the same object each time, so that its event is encoded once.
 *
 * @param make what a name means; by default a destination
 */
export function calleesByName(
  make: (name: string) => Callee = (destination) => ({ destination }),
): (name: string) => Callee {
  const known = new Map<string, Callee>();
  return (name) => {
    let callee = known.get(name);
    if (callee === undefined) {
      callee = make(name);
      if (known.size < most) known.set(name, callee);
    }
    return callee;
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const known = calleesByName((name) => JSON.parse(name) as Callee);

/**
 * Gives a callee of messages that are of kinds, or of which there are several.
 *
 * @param destination the queue or the topic; what is no text is not said, as with `method`
 * @param method the kind of message
 */
export const calleeOf = (
  destination: unknown,
  method?: unknown,
  more?: Pick<Callee, 'attempt' | 'messages'>,
): Callee => known(JSON.stringify({ destination: textOf(destination), method: textOf(method), ...more }));
