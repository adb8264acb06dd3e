const codes: ReadonlySet<unknown> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'ENOBUFS',
  'ERR_WORKER_INIT_FAILED',
  'ERR_WORKER_OUT_OF_MEMORY',
]);

/** Whether an error says that the process is short of something now: the same may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  try {
    return codes.has((error as { readonly code?: unknown } | null | undefined)?.code);
  } catch {
    return false; // a thrown value may throw when it is asked
  }
}
