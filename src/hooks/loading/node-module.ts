/**
 * Gives Node's class of CommonJS modules, the same as `node:module` does, by this file's own module. Requiring
 * `node:module` would load parts of Node that nobody needs here, which before Node 24 takes most of a millisecond.
 * Under a policy a module has no class.
 */
export const Module = (module.constructor ?? require('node:module')) as typeof import('node:module');
