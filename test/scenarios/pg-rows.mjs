import pg from 'pg';

import rows from './pg-rows.cjs';

await rows(pg);
