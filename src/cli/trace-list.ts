// `ostrace trace list`: lists the stored traces.
import { variableName } from '../config/options.js';
import type { TraceSummary } from '../drivers/driver.js';
import { type Overview, overviewOfTree } from '../report/overview.js';
import { type Shell, command, print } from './command.js';
import { type Filter, countOf, filterFrom, filterOptions, isWithin } from './list-filter.js';
import { printTable } from './list-table.js';
import { type Store, withStores } from './readable.js';
import { type Known, defaultScan, readTrees, summariesIn } from './scan.js';
import { connectionOption, settings } from './settings.js';

const defaultLimit = 20;
const errorVariable = variableName('filterErrorTrace');

export const traceList = command({
  name: 'trace list',
  operands: '',
  about: `Lists the stored traces, newest first, with the start, request, status, duration, points, errors and services of each.

  ostrace trace list --path '/orders/{id}' --min-duration 250ms --since 1h

The command reads each trace that it shows. With a filter, it reads as many traces as it takes to find those.`,
  options: {
    json: {
      type: 'boolean',
      help: 'Print an array of {"base_id", "timestamp"} with all traces; with --limit or a filter, also what the table shows (durations in microseconds).',
    },
    ...filterOptions,
    'error-trace': {
      type: 'boolean',
      help: `Only traces in the store's list of failed traces, which services with ${errorVariable} keep.`,
    },
    limit: {
      type: 'string',
      short: 'n',
      value: 'N',
      help: `List at most N traces; 0 lists all. Default: ${defaultLimit}, or all with --json.`,
    },
    scan: {
      type: 'string',
      value: 'N',
      help: `Apply a filter to the N newest traces; 0 applies it to all. Default: ${defaultScan}.`,
    },
    'connection-string': connectionOption,
  },
  async run(values, _operands, shell) {
    const now = Date.now() * 1000;
    const filter = filterFrom(values, now);
    const isBare = values.json && values.limit === undefined && !filter.readsTraces;
    const limit = countOf('--limit', values.limit, ', 0 for all') ?? (values.json ? 0 : defaultLimit);
    const scan = countOf('--scan', values.scan, ', 0 for all') ?? defaultScan;
    const config = settings(shell, values['connection-string']);
    return withStores(config, shell.warn, async (store) => {
      const isOfErrors = values['error-trace'];
      const known = await summariesIn(store, { isOfErrors, most: mostOf(filter, limit, scan) });
      if (known.traces.length === 0) return tellEmpty(shell, store, values.json, isOfErrors);
      const wanted = known.traces.filter((trace) => isWithin(filter, trace));
      const shown = isBare ? wanted : await read(shell, store, wanted, { filter, limit, scan });
      if (values.json) await print(shell, `${JSON.stringify(shown, null, 2)}\n`);
      else if (shown.length > 0) await printTable(shell, shown as readonly Overview[], known.traces, now);
      else await print(shell, `no trace in ${store.name()} matches\n`);
      if (!isBare)
        tellRest(shell, known, filter, { shown: shown.length, wanted: wanted.length, limit, scan });
      return 0;
    });
  },
});

/** How many of the newest traces have to be known; Infinity for all. */
function mostOf({ readsTraces, since, until }: Filter, limit: number, scan: number): number {
  if (until !== Infinity || since !== -Infinity) return Infinity;
  return (readsTraces ? scan : limit) || Infinity;
}

/** Reads traces until enough are found, or enough are examined. */
async function read(
  shell: Shell,
  store: Store,
  wanted: readonly TraceSummary[],
  { filter, limit, scan }: { readonly filter: Filter; readonly limit: number; readonly scan: number },
): Promise<readonly Overview[]> {
  const most = limit || Infinity;
  const looked = wanted.slice(0, filter.readsTraces ? scan || Infinity : most);
  const found: Overview[] = [];
  for await (const { trace, tree } of readTrees(shell, store, looked)) {
    const overview = tree === undefined ? unreadable(trace) : overviewOfTree(trace, tree);
    if (filter.takes(overview)) found.push(overview);
    if (found.length >= most) break;
  }
  return found;
}

/** A trace of which the store gives no event: it was removed meanwhile, or torn by a crash. */
function unreadable(trace: TraceSummary): Overview {
  const nothing = { method: undefined, path: undefined, route: undefined, status: undefined };
  const what = '(nothing can be read)';
  return { ...trace, ...nothing, what, duration: 0, services: [], points: 0, errors: 0, unfinished: 0 };
}

async function tellEmpty(shell: Shell, store: Store, isJson: boolean, isOfErrors: boolean): Promise<number> {
  const advice = isOfErrors
    ? `services with ${errorVariable}=true list them, in stores that keep such a list: files, Redis, MongoDB, Elasticsearch, InfluxDB`
    : 'start a service with OSTRACE_ENABLED=true OSTRACE_HMAC_KEYS=KEY node --import ostrace/register app.js, and make the first trace with ostrace request --profile KEY --show URL; --connection-string names another store';
  const line = `there are no ${isOfErrors ? 'failed traces' : 'traces'} in ${store.name()} yet; ${advice}`;
  if (isJson) {
    await print(shell, '[]\n');
    shell.say(line);
  } else {
    await print(shell, `${line}\n`);
  }
  return 0;
}

/** Reports which traces were left out. */
function tellRest(
  shell: Shell,
  { traces, total }: Known,
  { readsTraces, since, until }: Filter,
  { shown, wanted, limit, scan }: { shown: number; wanted: number; limit: number; scan: number },
): void {
  const isFull = limit > 0 && shown >= limit;
  if (readsTraces && isFull) {
    const all = scan > 0 ? `the ${scan} newest traces` : 'all traces';
    shell.warn(`older traces may match as well; --limit 0 lists every match among ${all}`);
  } else if (readsTraces) {
    const isCut = scan > 0 && (total ?? Infinity) > scan;
    const all = total === undefined ? '' : ` of ${total}`;
    if (isCut && traces.length >= scan) {
      shell.warn(`only the ${scan} newest${all} traces were examined; --scan 0 examines all`);
    }
  } else if (isFull) {
    // If a time is asked for, all traces are known.
    const isTimed = since !== -Infinity || until !== Infinity;
    const left = (isTimed ? wanted : (total ?? Infinity)) - shown;
    const older = left === Infinity ? 'older traces' : `${left} older traces`;
    if (left > 0) shell.warn(`${older} are not shown; --limit 0 lists all`);
  }
}
