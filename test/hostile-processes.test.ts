// The same inputs as `npm run fuzz` makes, some of them, sent to real servers and given to real processes. A
// failure names its seed: TEST_SEED=… npm test -- hostile-processes repeats it.
// needs: agent
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { checkCalls, checkEnvironments } from './fuzz/processes.js';
import { checkRequests } from './fuzz/requests.js';
import { scratch } from './scenario.js';

const seed = Number(process.env['TEST_SEED'] ?? 1);

test('a server answers every hostile request as without the agent, and traces what a known key signed', async (t) => {
  assert.ok(
    (await checkRequests(seed, 600, join(scratch(t), 'traces'))) > 0,
    'none was traced: the test shows nothing',
  );
});

test('a process starts in every hostile environment, and takes part in the trace that a known key signed', async (t) => {
  assert.ok((await checkEnvironments(seed, 16, scratch(t))) > 0, 'none was traced: the test shows nothing');
});

test('the command ends well or says in one line why not, whatever its arguments are', async (t) => {
  await checkCalls(seed, 16, scratch(t));
});
