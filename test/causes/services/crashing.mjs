// A service that is killed while it works, as by the kernel when memory runs out.
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();

serve(async (request, response) => {
  await pool.query('select * from orders where id = $1', [1]);
  if (request.url.startsWith('/crash')) {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);
    await pool.query('select * from archive where order_id = $1', [1]);
  }
  response.end('{}');
});
