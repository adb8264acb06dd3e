// The list of traces, and what one does from there.
import { useEffect } from 'preact/hooks';
import { clean } from '../../report/format.js';
import { goTo } from '../address.js';
import { BarButtons } from '../bar-buttons.js';
import { Icon } from '../icon.js';
import { type KeyGroup, KeyHelp, openHelp, useKeys } from '../keys.js';
import { SendForm, openSend } from '../send/send-form.js';
import { changeTheme } from '../theme.js';
import { FilterField, focusFilter } from './filter-field.js';
import {
  about,
  filter,
  isLoading,
  known,
  loadAbout,
  mark,
  marks,
  problem,
  rows,
  waiting,
} from './list-state.js';
import { ListRows, chosen, focusRow, focusedRow } from './list-rows.js';
import { isLive, showWaiting, useLive } from './live.js';
import { CannotList, Empty, Loading, LookFurther, NoMatch } from './states.js';
import { Strip } from './strip.js';

/** Whether nobody reads further down, or holds a row. */
function isAtTop(): boolean {
  const list = document.querySelector('.l-list');
  return (list?.scrollTop ?? 0) < 8 && scrollY < 8 && focusedRow() === undefined;
}

const toggleLive = (): void => {
  isLive.value = !isLive.peek();
};

const compare = (): void => {
  const [a, b] = marks.peek();
  if (a !== undefined && b !== undefined) goTo({ compare: `${a},${b}` });
};

function markFocused(): void {
  const base_id = focusedRow();
  if (base_id !== undefined) mark(base_id);
}

const step = (by: number): void => focusRow(focusedRow() === undefined ? chosen.peek() : chosen.peek() + by);

const keys: readonly KeyGroup[] = [
  {
    title: 'Traces',
    keys: [
      {
        shown: ['j', 'k', '↓', '↑'],
        does: 'trace below, above',
        on: { j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1) },
      },
      {
        shown: ['Home', 'End'],
        does: 'first, last that is loaded',
        on: { Home: () => focusRow(0), End: () => focusRow(Infinity) },
      },
      { shown: ['Enter'], does: 'open', on: {} },
      { shown: ['x'], does: 'mark for comparing', on: { x: markFocused } },
      { shown: ['c'], does: 'compare the two marked', on: { c: compare } },
      { shown: ['l'], does: 'live, paused', on: { l: toggleLive } },
    ],
  },
  {
    title: 'Find and send',
    keys: [
      { shown: ['/'], does: 'filter', on: { '/': focusFilter } },
      { shown: ['⌫'], does: 'edit the last condition, in the filter', on: {} },
      { shown: ['s'], does: 'send a signed request', on: { s: openSend } },
      { shown: ['t'], does: 'light, dark', on: { t: changeTheme } },
      { shown: ['?'], does: 'this help', on: { '?': openHelp } },
    ],
  },
];

export function ListPage(): preact.JSX.Element {
  useKeys(keys);
  useLive(isAtTop);
  useEffect(() => {
    document.title = 'Traces · ostrace';
    void loadAbout();
  }, []);
  return (
    <div class="app l-page">
      <TopBar />
      {problem.value !== undefined && (
        <p class="strip-bad" role="alert">
          {clean(problem.value)}
        </p>
      )}
      <Content />
      <SendForm />
      <KeyHelp groups={keys} />
    </div>
  );
}

function Content(): preact.JSX.Element | null {
  const isEmpty = known.value?.total === 0 && filter.value === '' && rows.value.length === 0;
  if (about.value === undefined) return problem.value === undefined ? <Loading /> : null;
  if (!about.value.canList) return <CannotList store={about.value.store} />;
  return isEmpty ? <Empty /> : <Body />;
}

function TopBar(): preact.JSX.Element {
  const total = known.value?.total;
  return (
    <header class="top">
      <a class="brand" href="#" aria-label="ostrace, all traces">
        <Icon name="logo" />
        <span>ostrace</span>
      </a>
      <span class="slash" aria-hidden="true">
        /
      </span>
      <h1>Traces</h1>
      <div class="l-facts">
        <span>{clean(about.value?.store ?? '')}</span>
        {total !== undefined && (
          <span>{total === 1 ? '1 trace' : `${total.toLocaleString('en')} traces`}</span>
        )}
      </div>
      <div class="l-acts">
        <button
          type="button"
          class="btn quiet l-live"
          aria-pressed={isLive.value}
          title="New traces come by themselves (l)"
          onClick={toggleLive}
        >
          <i />
          {isLive.value ? 'Live' : 'Paused'}
        </button>
        <BarButtons />
      </div>
    </header>
  );
}

function Body(): preact.JSX.Element {
  const all = rows.value;
  const services = [...new Set(all.map(({ service }) => service))].toReversed();
  const isKnown = known.value !== undefined;
  return (
    <>
      <div class="l-bar" role="search">
        <FilterField />
        <button type="button" class="btn main" onClick={openSend}>
          Send a signed request
        </button>
      </div>
      <main id="body" class="l-main">
        {all.length > 0 && <Strip />}
        {waiting.value.length > 0 && (
          <button type="button" class="l-waiting" onClick={showAtTop}>
            {waiting.value.length} new
          </button>
        )}
        {all.length > 0 ? (
          <ListRows services={services} />
        ) : isKnown ? (
          <NoMatch />
        ) : (
          problem.value === undefined && <Loading />
        )}
      </main>
      {all.length > 0 && <Foot />}
    </>
  );
}

function showAtTop(): void {
  (document.activeElement as HTMLElement | null)?.blur();
  document.querySelector('.l-list')?.scrollTo({ top: 0 });
  scrollTo({ top: 0 });
  showWaiting();
}

function Foot(): preact.JSX.Element {
  const { total, next, examined = 0, added = 0, isWhole = false } = known.value ?? {};
  const many = (count: number): string => count.toLocaleString('en');
  const of = total === undefined ? '' : ` of ${many(total)}`;
  const isFiltered = filter.value !== '';
  const shown = isFiltered
    ? `${many(rows.value.length)} found in ${next === undefined ? 'all' : `the ${many(examined)} newest`}${of}`
    : `${many(rows.value.length)}${of} loaded, newest first`;
  const marked = marks.value.length;
  return (
    <footer class="l-foot">
      {marked > 0 && (
        <span class="l-marked" role="status">
          {marked === 2 ? (
            <a href={`#compare=${marks.value.join(',')}`}>Compare the two marked (c)</a>
          ) : (
            '1 marked; mark another (x) to compare'
          )}
        </span>
      )}
      <span>
        {shown}
        {isLoading.value && ' …'}
      </span>
      {next !== undefined && added === 0 && <LookFurther />}
      <span class="l-legend">Box: 80 % of p50 to p95. Line in it: p50. Orange: slower than p95.</span>
      {isWhole && <span class="l-legend">This store returns only its whole list: loading takes time.</span>}
    </footer>
  );
}
