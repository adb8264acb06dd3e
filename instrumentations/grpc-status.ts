// A part of `grpc.ts`: the statuses of gRPC by their names.
import type { Outcome } from '../src/hooks/targets/rpc.js';

const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

// The library says these by itself too, where no function of the server's was called.
const ofLibrary: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
]);

const ok: Outcome = { end: 'done', status: 'OK', isAnswered: true };

/** How a call ended, by its status. */
export function statusOf(code: number, details?: unknown): Outcome {
  if (code === 0) return ok;
  const status = names[code] ?? String(code);
  const message = typeof details === 'string' ? { message: details } : {};
  return { end: 'failed', status, ...message, isAnswered: !ofLibrary.has(status) };
}
