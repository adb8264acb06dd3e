// Recognises errors that may pass, such as a shortage of descriptors.

const codes: ReadonlySet<unknown> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'ENOBUFS',
  'ERR_WORKER_INIT_FAILED',
  'ERR_WORKER_OUT_OF_MEMORY',
]);

/** From Node 24 on, only the message says why Node cannot read a `package.json`. */
const packageCode = 'ERR_INVALID_PACKAGE_CONFIG';
const shortage =
  /(?:too many open files|file table overflow|(?:not enough|allocate) memory|temporarily unavailable|buffer space(?: available)?)\.?$/i;

/**
 * Whether an error says that the process is short of something now, so that the same call may succeed a moment
 * later.
 */
export function isPassing(error: unknown): boolean {
  try {
    const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
    if (code !== packageCode) return codes.has(code);
    return shortage.test(String(message));
  } catch {
    return false; // a thrown value may throw when it is asked
  }
}
