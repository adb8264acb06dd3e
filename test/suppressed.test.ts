// Requests that carry no trace: what OpenTelemetry suppresses, and what AWS's signature covers.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { key, on, run, scenario, shape, treeOf } from './scenario.js';

test('what OpenTelemetry suppresses is in no trace, and carries none, whichever client sends it', async (t) => {
  const { stdout, stderr, events } = await run(t, scenario('suppressed.cjs'), {
    env: { ...on, OSTRACE_PROFILE: key, OSTRACE_INSTRUMENT_HTTP_SERVER: 'false' },
  });
  assert.equal(stderr, '');
  const seen = JSON.parse(stdout) as Record<string, string[]>;
  const clients = ['http', 'fetch', 'undici', 'http2'];
  assert.deepEqual(seen, { exported: clients.map(() => 'bare'), asked: clients.map(() => 'signed') });
  assert.equal(shape(treeOf(events)), `process(exported asked(${clients.map(() => 'http').join(' ')}))`);
});

test('a request that AWS’s signature covers carries nothing more, whichever client sends it', async (t) => {
  const { stdout, stderr } = await run(t, scenario('suppressed.cjs'), {
    env: { ...on, OSTRACE_PROFILE: key, OSTRACE_INSTRUMENT_HTTP_SERVER: 'false' },
    args: ['AWS4-HMAC-SHA256 Credential=x'],
  });
  assert.equal(stderr, '');
  assert.deepEqual((JSON.parse(stdout) as Record<string, string[]>)['asked'], [
    'bare',
    'bare',
    'bare',
    'bare',
  ]);
});
