// A part of `nats.ts`: subjects, in the words of points.
import { calleesByName } from '../src/hooks/targets/callees.js';
import type { Callee } from '../src/hooks/targets/rpc.js';

export const to = calleesByName();
export const unnamed: Callee = {};

// The subjects that answers go to are tokens, and none is there twice.
export const inbox = '_INBOX';
/** JetStream is asked for messages again and again. */
export const pull = /^\$JS\..*\.CONSUMER\.MSG\.NEXT\./;

export interface Connection {
  readonly options?: { readonly inboxPrefix?: unknown };
}

export const isInbox = (subject: string, { options }: Connection): boolean =>
  subject.startsWith(`${inbox}.`) ||
  (typeof options?.inboxPrefix === 'string' && subject.startsWith(`${options.inboxPrefix}.`));
