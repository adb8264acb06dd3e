// Plays the cases of one API in one of the variants and writes down what an application sees of each.
//
//   node [--require preload] play.cjs OUT FILE [CASE]
//
// A file exports `cases`, which run one after the other in one process, and `ends`, each of which runs in a
// process of its own, because it ends it: of those the parent compares exit code, signal and output as well.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { AsyncResource } = require('node:async_hooks');
const { describe } = require('./describe.cjs');

const caseLimitMs = 20_000;
// More than an agent adds: what is cut off by the usual ten frames could not be compared.
Error.stackTraceLimit = 60;

const [, , out, file, only] = process.argv;
const { cases = {}, ends = {} } = require(join(__dirname, file));

if (process.env.PARITY_VARIANT === 'beside') {
  // A trace is live somewhere else in the process, while the cases run outside of any.
  const elsewhere = new AsyncResource('elsewhere');
  elsewhere.runInAsyncScope(() => require('ostrace').profiler.init('key'));
}

/** Runs one case; gives what it saw, in order, as pairs of a label and a description. */
async function play(body) {
  const sights = [];
  const seen = (label, value) => sights.push([label, describe(value)]);
  const onWarning = (warning) => seen('a warning', `${warning.name}: ${warning.message}`);
  process.on('warning', onWarning);
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(() => resolve(seen('the case', 'did not end in time')), caseLimitMs);
  });
  try {
    await Promise.race([body(seen), limit]);
  } catch (error) {
    seen('the case threw', error);
  }
  clearTimeout(timer);
  // Warnings come in a later turn.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  process.off('warning', onWarning);
  return sights;
}

async function main() {
  if (Object.hasOwn(ends, only ?? '')) {
    const sights = [];
    // Synchronously: the process may be gone in the next moment.
    await ends[only]((label, value) => {
      sights.push([label, describe(value)]);
      writeFileSync(out, JSON.stringify({ [only]: sights }));
    });
    return;
  }
  const results = {};
  for (const [name, body] of Object.entries(cases)) {
    if (only === undefined || only === name) results[name] = await play(body);
  }
  writeFileSync(out, JSON.stringify(results));
  // A case that leaves something open shows in the next one, not in a process that hangs.
  process.exit();
}

main();
