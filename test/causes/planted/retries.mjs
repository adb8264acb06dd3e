// Planted: a service that fails, and is asked again after a while.
import { setTimeout as delay } from 'node:timers/promises';

import express from 'express';

import { serve } from '../serve.mjs';

const [, , flaky] = process.argv;
const app = express();

async function ask(path, tries = 4, pause = 150) {
  const answer = await fetch(flaky + path);
  if (answer.ok || tries === 1) return answer.json();
  await answer.body?.cancel();
  await delay(pause);
  return ask(path, tries - 1, pause * 2);
}

app.get('/rates', async (request, response) => response.json(await ask('/rates/EUR')));

serve(app);
