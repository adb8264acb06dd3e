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
