// Runs the benchmark of stores with stores that exist already: see the README beside this file.
import { parseArgs } from 'node:util';

import { measureStores } from './stores.js';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '7' } },
  allowPositionals: true,
});

async function main(): Promise<void> {
  const lines = await measureStores(positionals, Number(values.rounds));
  console.log([`Node ${process.version}`, '', ...lines].join('\n'));
}

void main();
