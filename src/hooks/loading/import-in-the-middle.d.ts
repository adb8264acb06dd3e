// The file of import-in-the-middle that makes loader hooks. The package's own declarations leave it out.
declare module 'import-in-the-middle/create-hook.mjs' {
  type Hook = (...args: readonly unknown[]) => unknown;

  /** @param meta whose `url` is that of `import-in-the-middle/hook.mjs` */
  export function createHook(meta: { readonly url: string }): {
    applyOptions(options: object): void;
    readonly resolve: Hook;
    readonly load: Hook;
    readonly resolveSync: Hook;
    readonly loadSync: Hook;
  };
}
