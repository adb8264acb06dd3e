// Callees by their names.
import { cut } from '../../trace/info.js';
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

/**
 * Gives the callee of a service's name and a method's, and the same object each time. A name that is no text, or empty,
 * is left out, and a long one is cut: clients may choose what they call.
 */
export function calleesByMethod(): (service: unknown, method: unknown) => Callee {
  const ofBoth = calleesByName((names) => {
    const [service = '', method = ''] = names.split('\n');
    return { ...(service !== '' && { service }), ...(method !== '' && { method }) };
  });
  return (service, method) => ofBoth(`${nameIn(service)}\n${nameIn(method)}`);
}

const nameIn = (value: unknown): string =>
  typeof value === 'string' ? cut(value).replaceAll('\n', ' ') : '';

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
