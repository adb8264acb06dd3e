import pg from 'pg';

import calls from './pg-calls.cjs';

await calls(pg);
