import { createRequire } from 'node:module';

import main, * as things from './things.mjs';
import { use } from './use.cjs';

const { profiler } = createRequire(import.meta.url)(process.env.AGENT);
await use(things, main, profiler);
