// `ostrace trace stats`: percentiles of many stored traces.
import { overviewOfTree } from '../report/overview.js';
import { StatsOf } from '../report/stats.js';
import { count } from '../trace/count.js';
import { type Shell, command } from './command.js';
import { type Filter, countOf, filterFrom, filterOptions, isWithin } from './list-filter.js';
import { withStores } from './readable.js';
import { type Known, defaultScan, readTrees, summariesIn } from './scan.js';
import { connectionOption, settings } from './settings.js';
import { defaultTop, printStats, topOption } from './stats-output.js';

export const traceStats = command({
  name: 'trace stats',
  operands: '',
  about: `Prints percentiles of the durations in many traces, largest total first: of requests by service and route, of points by kind, and of everything else by service and statement or call.

  ostrace trace stats --route '/orders/{id}' --since 1h

The filters are those of ostrace trace list, and choose traces: of a chosen trace, all points are counted. A point without an end has no duration, and is counted apart.`,
  options: {
    json: {
      type: 'boolean',
      help: 'Print all figures as JSON (durations in microseconds; "exact" says whether the percentiles are, or are up to 1 % off, as with more than 65,536 durations).',
    },
    ...filterOptions,
    top: topOption,
    scan: {
      type: 'string',
      value: 'N',
      help: `Read at most the N newest traces; 0 reads all. Default: ${defaultScan}.`,
    },
    'connection-string': connectionOption,
  },
  async run(values, _operands, shell) {
    const filter = filterFrom(values, Date.now() * 1000);
    const top = countOf('--top', values.top, ', 0 for all') ?? defaultTop;
    const scan = (countOf('--scan', values.scan, ', 0 for all') ?? defaultScan) || Infinity;
    const config = settings(shell, values['connection-string']);
    return withStores(config, shell.warn, async (store) => {
      const isTimed = filter.since !== -Infinity || filter.until !== Infinity;
      const known = await summariesIn(store, { isOfErrors: false, most: isTimed ? Infinity : scan });
      const wanted = known.traces.filter((trace) => isWithin(filter, trace));
      const stats = new StatsOf();
      let unreadable = 0;
      for await (const { trace, tree } of readTrees(shell, store, wanted.slice(0, scan))) {
        if (tree === undefined) unreadable++;
        else if (filter.takes(overviewOfTree(trace, tree))) stats.add(tree);
      }
      const result = stats.result();
      await printStats(shell, result, { top, isJson: values.json });
      if (result.traces === 0) shell.say(whyNothing(store.name(), known, filter));
      if (unreadable > 0) {
        shell.warn(`nothing could be read of ${count(unreadable, 'trace')}`);
      }
      tellRest(shell, known, { wanted: wanted.length, isTimed, scan });
      return 0;
    });
  },
});

function whyNothing(store: string, { traces }: Known, { readsTraces }: Filter): string {
  if (traces.length === 0) {
    return `there are no traces in ${store} yet; ostrace request makes one, and --connection-string names another store`;
  }
  return `no trace in ${store} ${readsTraces ? 'matches' : 'is of that time'}`;
}

/** Reports which traces were not read. */
function tellRest(
  shell: Shell,
  { traces, total }: Known,
  { wanted, isTimed, scan }: { readonly wanted: number; readonly isTimed: boolean; readonly scan: number },
): void {
  const all = isTimed ? wanted : total;
  const isCut = all === undefined ? traces.length >= scan : all > scan;
  if (!isCut) return;
  const of = all === undefined ? '' : ` of ${all}`;
  const when = isTimed ? ' of that time' : '';
  shell.warn(`only the ${scan} newest${of} traces${when} were read; --scan 0 reads all`);
}
