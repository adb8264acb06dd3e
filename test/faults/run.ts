// `npm run faults [-- --short STORE…]`: tries each fault on each store, and writes the account of all events into
// docs/faults.md. The servers are brought up as for `npm test`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectFolder } from '../scenario.js';
import { type Account, type Fault, faults, suffer } from './faults.js';
import { type Store, stores } from './stores.js';
import { provideAll } from '../services/all.js';

const asked = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const atOnce = 4;
const isShort = process.argv.includes('--short');

async function main(): Promise<void> {
  const services = await provideAll(['postgresql', 'mariadb', 'redis', 'rabbitmq']);
  Object.assign(process.env, ...Object.values(services.given));
  try {
    await tryAll();
  } finally {
    await services.release();
  }
}

async function tryAll(): Promise<void> {
  let unaccounted = 0;
  const suffered = Object.entries(stores).filter(([name]) => asked.length === 0 || asked.includes(name));
  const rowsOf = new Map(suffered.map(([name]) => [name, [] as string[]]));

  async function tryStore(name: string, open: () => Promise<Store>): Promise<void> {
    const rows = rowsOf.get(name)!;
    const store = await open();
    try {
      for (const fault of faults) {
        if (fault.needs !== undefined && store[fault.needs] === undefined) continue;
        if (isShort && fault.isLong === true) continue;
        const account = await suffer(store, fault);
        if (!isKill(fault)) unaccounted += Math.abs(account.unaccounted);
        rows.push(row(name, fault, account));
        console.log(rows.at(-1));
      }
    } finally {
      await store.remove();
    }
  }

  // A few at a time: most of it is to wait.
  const next = suffered.values();
  const worker = async (): Promise<void> => {
    for (const [name, open] of next) await tryStore(name, open);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const rows = [...rowsOf.values()].flat();
  if (asked.length === 0 && !isShort) writeFileSync(join(projectFolder, 'docs/faults.md'), page(rows));
  if (unaccounted > 0) {
    console.error(`${unaccounted} events are unaccounted for`);
    process.exitCode = 1;
  }
}

function isKill({ name }: Fault): boolean {
  return name.includes('the process is killed');
}

function row(store: string, fault: Fault, account: Account): string {
  const { sent, stored, spooled, dropped, storedInTheEnd, twice, unaccounted, exitMs, lateMs, memory } =
    account;
  const cells = [store, fault.name, sent, stored, spooled, dropped, unaccounted, storedInTheEnd, twice];
  const exit = isKill(fault) ? '' : exitMs.toFixed(0);
  return `| ${[...cells, exit, lateMs?.toFixed(1) ?? '', memory ?? ''].join(' | ')} |`;
}

function page(rows: readonly string[]): string {
  return `# What happens to events when a store fails

Written by \`npm run faults\` on Node ${process.versions.node}. An application sends 4,000 events in two seconds, and the store fails in each of these ways; then \`ostrace flush\` stores what was left in the spool.

- *stored*, *spooled*, *dropped*: by the end of the process. *Unaccounted* is what is in none of the three.
- *In the end*: stored after \`ostrace flush\`. *Twice*: stored more than once.
- *Exit*: milliseconds from the application's \`process.exit()\` to its end; \`OSTRACE_EXIT_TIMEOUT\` is 500. Where the exporter's thread is busy, it is 20, and the application makes 50,000 events more right before.
- *Late*: how many milliseconds late the application's event loop was, at the 99th percentile; compare with the row "none". The machine is shared: a few milliseconds more or less say nothing.
- *Memory*: the most that the process itself had (VmHWM), in MiB; where a store answers without an end, it stays what it is otherwise.
- A killed process (SIGKILL) may lose what it did in its last 100 ms: up to ten turns of 20 events.

| store | fault | sent | stored | spooled | dropped | unaccounted | in the end | twice | exit | late | memory |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

void main();
