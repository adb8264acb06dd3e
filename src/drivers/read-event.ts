import type { Event } from '../trace/event.js';
import { parseEvent } from '../trace/parse.js';

/**
 * Reads an event out of what a store gives as an object.
 *
 * @returns undefined when it is no event, or nested too deep to be one
 */
export function readEvent(value: unknown): Event | undefined {
  try {
    return parseEvent(JSON.stringify(value) ?? '');
  } catch {
    return undefined;
  }
}
