import { profiler } from 'ostrace';

import consume from './continue.cjs';

await consume({ profiler });
