// The contract of an instrumentation, for targets of the application's own: `ostrace/instrumentation`.
import type { NamedTarget } from './hooks/loading/named-targets.js';

export type { NamedTarget as Target, Toolbox } from './hooks/loading/named-targets.js';

/**
 * Gives a target as it is, so that the compiler checks what it says.
 *
 * @param target what `OSTRACE_INSTRUMENTATIONS` names a file or a package for
 */
export const defineTarget = (target: NamedTarget): NamedTarget => target;
