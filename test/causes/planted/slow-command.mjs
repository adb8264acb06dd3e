// Planted: an external command that is slow.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import express from 'express';

import { serve } from '../serve.mjs';

const run = promisify(execFile);
const app = express();

app.get('/thumbnail', async (request, response) => {
  await run('sleep', ['0.5']);
  response.json({});
});

serve(app);
