// Two traces beside each other: what made B slower or faster than A.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ComparedTrace, PageComparison } from '../../report/page/comparison.js';
import { address, goTo, keep, linkHere, moves } from '../address.js';
import { copyText } from '../copy.js';
import { type KeyGroup, KeyHelp, openHelp, useKeys } from '../keys.js';
import { Problem } from '../problem.js';
import type { Source } from '../source.js';
import { changeTheme } from '../theme.js';
import { Sentence } from '../trace/verdict.js';
import { moment } from '../../report/format.js';
import { timeText } from '../trace/words.js';
import { Bridge } from './bridge.js';
import { bridgeRows } from './bridge-rows.js';
import { SideBar } from './side-bar.js';
import { Top } from './top.js';

/** Loads the comparison of the address and shows it. Another address begins anew: nothing of the last one stays. */
export function ComparePage({ source }: { readonly source: Source }): preact.JSX.Element {
  const [a = '', b = ''] = (address.value.get('compare') ?? '').split(',');
  return <Loaded key={`${a},${b} ${moves.value}`} a={a} b={b} source={source} />;
}

/** One comparison, as soon as it is there. */
function Loaded({
  a,
  b,
  source,
}: {
  readonly a: string;
  readonly b: string;
  readonly source: Source;
}): preact.JSX.Element {
  const [comparison, setComparison] = useState<PageComparison>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let isWanted = true;
    source.comparison(a, b).then(
      (found) => isWanted && setComparison(found),
      (error: unknown) => isWanted && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isWanted = false;
    };
  }, []);
  if (problem !== undefined) {
    return <Problem what="These traces cannot be compared" why={problem} />;
  }
  return comparison === undefined ? (
    <main class="loading" aria-busy="true" aria-label="Loading" />
  ) : (
    <Comparison comparison={comparison} isServed={source.isServed} />
  );
}

function Comparison({
  comparison,
  isServed,
}: {
  readonly comparison: PageComparison;
  readonly isServed: boolean;
}): preact.JSX.Element {
  const { a, b, sentence, cautions } = comparison;
  const rows = useMemo(() => bridgeRows(comparison), [comparison]);
  const chosen = useSignal(firstChosen(rows.length));
  const body = useRef<HTMLElement>(null);
  const picked = new Set(rows[chosen.value]?.steps);
  const choose = (row: number): void => {
    chosen.value = row;
    keep({ step: row < 0 ? '' : String(row) });
  };
  const go = (row: number): void => {
    choose(Math.max(0, Math.min(rows.length - 1, row)));
    requestAnimationFrame(() => {
      const element = body.current?.querySelector<HTMLElement>('.b-line.chosen');
      element?.focus();
      element?.scrollIntoView({ block: 'nearest' });
    });
  };
  const keys = keysOf(comparison, isServed, {
    go: (by) => go(chosen.peek() + by),
    first: () => go(0),
    last: () => go(rows.length - 1),
    letGo: () => choose(-1),
  });
  useKeys(keys);
  useEffect(() => {
    document.title = `A ${timeText(a.duration)}, B ${timeText(b.duration)} · ostrace`;
  }, [comparison]);
  const pick = (step: number): void => {
    const row = rows.findIndex(({ steps }) => steps.includes(step));
    choose(row === chosen.peek() ? -1 : row);
  };
  return (
    <div class="app">
      <Top title={b.title} isServed={isServed} />
      <main class="compare" ref={body}>
        <h2>
          <Sentence pieces={sentence} />
        </h2>
        {cautions.map((caution) => (
          <p key={caution} class="note">
            {caution}
          </p>
        ))}
        {[['A', a] as const, ['B', b] as const].map(([name, trace]) => (
          <div key={name} class="b-trace">
            <Who name={name} trace={trace} isServed={isServed} />
            <SideBar comparison={comparison} trace={trace} name={name} picked={picked} onPick={pick} />
          </div>
        ))}
        <Bridge comparison={comparison} rows={rows} chosen={chosen.value} onChoose={choose} />
        <p class="note">
          Both bars have one scale. Times are those of the critical path, so they sum to the durations; what
          ran beside it is not counted.
        </p>
      </main>
      <KeyHelp groups={keys} />
    </div>
  );
}

/** The row that the address names; -1 for none. */
function firstChosen(rows: number): number {
  const row = Number(address.peek().get('step') ?? -1);
  return Number.isInteger(row) && row < rows ? row : -1;
}

function Who({
  name,
  trace: { base_id, duration, startedAt, title, points, errors, unfinished },
  isServed,
}: {
  readonly name: 'A' | 'B';
  readonly trace: ComparedTrace;
  readonly isServed: boolean;
}): preact.JSX.Element {
  const said = [
    `${points} points`,
    errors === 0 ? '' : errors === 1 ? '1 error' : `${errors} errors`,
    unfinished === 0 ? '' : `${unfinished} unfinished`,
  ].filter((text) => text !== '');
  return (
    <div class="who">
      <p>
        <span class={`side side-${name}`}>{name}</span>
        <b>{timeText(duration)}</b>
        <span>{said.join(', ')}</span>
        {isServed && <a href={`#trace=${encodeURIComponent(base_id)}`}>open</a>}
      </p>
      <p title={title}>{moment(startedAt)}</p>
    </div>
  );
}

interface Doing {
  readonly go: (by: number) => void;
  readonly first: () => void;
  readonly last: () => void;
  readonly letGo: () => void;
}

function keysOf(
  { a, b }: PageComparison,
  isServed: boolean,
  { go, first, last, letGo }: Doing,
): readonly KeyGroup[] {
  const served = [
    {
      shown: ['a', 'b'],
      does: 'open A, open B',
      on: { a: () => goTo({ trace: a.base_id }), b: () => goTo({ trace: b.base_id }) },
    },
    {
      shown: ['x'],
      does: 'swap A and B',
      on: { x: () => goTo({ compare: `${b.base_id},${a.base_id}` }) },
    },
  ];
  return [
    {
      title: 'Differences',
      keys: [
        {
          shown: ['↑', '↓', 'k', 'j'],
          does: 'difference above, below',
          on: { ArrowUp: () => go(-1), k: () => go(-1), ArrowDown: () => go(1), j: () => go(1) },
        },
        { shown: ['Home', 'End'], does: 'first, last', on: { Home: first, End: last } },
        { shown: ['Esc'], does: 'clear the selection', on: { Escape: letGo } },
      ],
    },
    {
      title: 'Look',
      keys: [
        ...(isServed ? served : []),
        { shown: ['t'], does: 'light, dark', on: { t: changeTheme } },
        { shown: ['y'], does: 'copy a link to this view', on: { y: () => void copyText(linkHere()) } },
        { shown: ['?'], does: 'this help', on: { '?': openHelp } },
      ],
    },
  ];
}
