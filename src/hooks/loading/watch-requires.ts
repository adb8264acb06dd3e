// Sees, from the first trace on, which parts of Node are required.
import { patch } from '../patch.js';
import { Module } from './node-module.js';

/** Tells which modules are required. `patch` makes sure that the functions are wrapped once only. */
export function watchRequires(tell: (id: unknown) => void): void {
  const watch = (owner: object, method: string): void =>
    patch(
      owner as Record<string, unknown>,
      method,
      (original) =>
        function (this: unknown) {
          const args = arguments as unknown as unknown[];
          const result = Reflect.apply(original, this, args);
          tell(args[0]);
          return result;
        },
    );
  watch(Module.prototype, 'require');
  watch(process, 'getBuiltinModule');
}
