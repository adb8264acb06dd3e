// The page for one trace.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { address, linkHere, moves } from '../address.js';
import { clean } from '../../report/format.js';
import { copyText } from '../copy.js';
import { KeyHelp, useKeys } from '../keys.js';
import type { PageTrace } from '../../report/page/page-trace.js';
import { Problem } from '../problem.js';
import type { Source } from '../source.js';
import { Legend } from './legend.js';
import { modelOf } from './model.js';
import { Panel } from './panel.js';
import { Tools } from './tools.js';
import { TopBar } from './top-bar.js';
import { Verdict } from './verdict.js';
import { type View, keepInAddress, viewOf } from './view.js';
import { keysOf } from './view-keys.js';
import { traceViews } from './views.js';
import { timeText } from './words.js';

/** Loads the trace of the address and shows it. Another address begins anew: nothing of the last one stays. */
export function TracePage({ source }: { readonly source: Source }): preact.JSX.Element {
  const base_id = address.value.get('trace') ?? '';
  return <Followed key={`${base_id} ${moves.value}`} base_id={base_id} source={source} />;
}

/** One trace as it grows. */
function Followed({
  base_id,
  source,
}: {
  readonly base_id: string;
  readonly source: Source;
}): preact.JSX.Element {
  const [trace, setTrace] = useState<PageTrace>();
  const [problem, setProblem] = useState<string>();
  const [stale, setStale] = useState<string>();
  useEffect(() => {
    const leaving = new AbortController();
    const left = leaving.signal;
    const follow = async (): Promise<void> => {
      let next: PageTrace | undefined = await source.trace(base_id);
      while (!left.aborted && next !== undefined) {
        setTrace(next);
        next = await source.grown(base_id, left, setStale);
      }
    };
    follow().catch((error: unknown) => {
      if (!left.aborted) setProblem(error instanceof Error ? error.message : String(error));
    });
    return () => leaving.abort();
  }, []);
  if (problem !== undefined) {
    return <Problem what="This trace cannot be shown" why={problem} />;
  }
  return trace === undefined ? <Loading /> : <Trace trace={trace} source={source} stale={stale} />;
}

/** What is drawn only if loading takes long enough to be noticed. */
function Loading(): preact.JSX.Element {
  return (
    <main class="loading" aria-busy="true" aria-label="Loading">
      <i />
      <i />
      <i />
    </main>
  );
}

interface Props {
  readonly trace: PageTrace;
  readonly source: Source;
  /** Why a trace that may grow cannot be read again; undefined if it can. */
  readonly stale: string | undefined;
}

function Trace({ trace, source, stale }: Props): preact.JSX.Element {
  const latest = useRef<View | undefined>(undefined);
  const view = useMemo(() => viewOf(modelOf(trace), latest.current), [trace]);
  latest.current = view;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => keepInAddress(view), [view]);
  useEffect(() => {
    document.title = `${trace.title}, ${timeText(trace.duration)} · ostrace`;
  }, [trace]);
  const keys = keysOf(view, {
    search: () => field.current?.focus(),
    copyLink: () => void copyText(linkHere()),
  });
  useKeys(keys);
  const { component: Shown, name } =
    traceViews.find((each) => each.name === view.name.value) ?? traceViews[0]!;
  return (
    <div class="app">
      <a class="skip" href="#view" onClick={(event) => skip(event, view.chosen.peek())}>
        Skip to the points
      </a>
      <TopBar trace={trace} isServed={source.isServed} />
      {stale !== undefined && (
        <p class="strip-bad" role="alert">
          New points may be missing: {clean(stale)}
        </p>
      )}
      <main class="work">
        <Verdict view={view} />
        <Tools view={view} field={field} />
        <div class="stage">
          <div class="view" id="view" role="tabpanel" aria-labelledby={`tab-${name}`}>
            <Shown view={view} />
            <Legend view={view} />
          </div>
          {view.isPanelOpen.value && <Panel view={view} source={source} />}
        </div>
      </main>
      <KeyHelp groups={keys} />
    </div>
  );
}

/** The address holds the state of the view, so a link within the page must not change it. */
function skip(event: MouseEvent, row: number): void {
  event.preventDefault();
  document.getElementById(`row-${row}`)?.focus();
}
