// TypeScript in a package of ES modules.
import { execFile } from 'node:child_process';
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

import { createPool } from 'mysql2';
import { Pool } from 'pg';

type Serve = (parts: object) => void;
const serve = createRequire(import.meta.url)('../../../loading/serve.cjs') as Serve;

serve({ createServer, get, execFile, Worker, Pool, createPool });
