import { createRequire } from 'node:module';

import * as things from './things.cjs';
import { use } from './use.cjs';

const { profiler } = createRequire(import.meta.url)(process.env.AGENT);
await use(things, things.default, profiler);
