// Runs zod's own tests in one process.
import { register } from 'node:module';

register('./aliases.mjs', import.meta.url);
const folder = new URL('../node_modules/zod/src/v4/classic/tests/', import.meta.url);
for (const name of process.argv.slice(2)) await import(new URL(`${name}.test.ts`, folder).href);
