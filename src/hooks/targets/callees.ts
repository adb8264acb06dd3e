// The callees of a target, each as one object: what a point says of a callee is encoded once for each object.
import { cut } from '../../trace/info.js';
import type { Callee } from './rpc.js';

/** Clients may choose what they call, and how much memory is theirs must not be. */
const most = 500;

/** Gives the callee of these names. A name that is no text, or empty, is left out, and a long one is cut. */
export function calleesByName(): (service: unknown, method: unknown) => Callee {
  const known = new Map<string, Callee>();
  return (given, named) => {
    const service = nameIn(given);
    const method = nameIn(named);
    const key = `${service}\n${method}`;
    let callee = known.get(key);
    if (callee === undefined) {
      callee = { ...(service !== '' && { service }), ...(method !== '' && { method }) };
      if (known.size < most) known.set(key, callee);
    }
    return callee;
  };
}

const nameIn = (value: unknown): string => (typeof value === 'string' ? cut(value) : '');
