/**
 * Node's class of CommonJS modules, of which this file's own is one: the same as `node:module` gives. To require
 * that loads parts of Node that nobody needs here; before Node 24 they take most of a millisecond. Under a policy
 * a module has no class.
 */
export const Module = (module.constructor ?? require('node:module')) as typeof import('node:module');
