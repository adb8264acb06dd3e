import mysql from 'mysql2';
import promises from 'mysql2/promise';

import rows from './mysql2-rows.cjs';

await rows(mysql, promises);
