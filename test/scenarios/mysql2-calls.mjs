import mysql from 'mysql2';
import promises from 'mysql2/promise';

import calls from './mysql2-calls.cjs';

await calls(mysql, promises);
