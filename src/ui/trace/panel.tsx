// The panel beside the rows: everything that is known of the chosen one.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Copy } from '../copy.js';
import { Icon } from '../icon.js';
import { printable, safeJson } from '../../report/format.js';
import { eventsInPiece, flag } from '../../report/page/page-trace.js';
import type { Event as StoredEvent } from '../../trace/event.js';
import type { Source } from '../source.js';
import { type Told, toldBy } from './facts.js';
import { type Model, type Row, isGap, isRepeat } from './model.js';
import { colourOf } from './row-line.js';
import { step } from './row-keys.js';
import { Statement } from './statement.js';
import { Durations } from './durations.js';
import { Sentence } from './verdict.js';
import type { View } from './view.js';
import { detailOf, serviceOf, shareText, tagOf, timeText, timesOf, titleOf } from './words.js';

/** The points whose events a row stands for: its own, and that of the statement that is part of it. */
function pointsOf(model: Model, row: Row): readonly number[] {
  const point = isGap(model, row) ? undefined : model.members(row)[0];
  if (point === undefined) return [];
  const next = point + 1;
  const isPart = next < model.points && (model.flags[next]! & flag.merged) !== 0;
  return isPart && model.trace.points.parent[next] === point ? [point, next] : [point];
}

/** The events of a row; undefined until they are there. */
function useEvents(
  { model }: View,
  source: Source,
  row: Row,
): { readonly events?: readonly StoredEvent[]; readonly problem?: string } {
  const [known, setKnown] = useState<{
    readonly model?: Model;
    readonly row?: Row;
    readonly events?: readonly StoredEvent[];
    readonly problem?: string;
  }>({});
  useEffect(() => {
    let isWanted = true;
    const tell = (told: { events?: readonly StoredEvent[]; problem?: string }): void => {
      if (isWanted) setKnown({ model, row, ...told });
    };
    const eventsOf = async (point: number): Promise<readonly StoredEvent[]> => {
      const piece = await source.events(model.trace, Math.floor(point / eventsInPiece));
      return piece[point % eventsInPiece] ?? [];
    };
    const points = pointsOf(model, row);
    if (points.length > 0) {
      Promise.all(points.map(eventsOf)).then(
        (events) => tell({ events: events.flat() }),
        (error: unknown) => tell({ problem: error instanceof Error ? error.message : String(error) }),
      );
    }
    return () => {
      isWanted = false;
    };
  }, [row, model]);
  // When the trace has grown, another point may stand in the same row.
  return known.model === model && known.row === row ? known : {};
}

export function Panel({
  view,
  source,
}: {
  readonly view: View;
  readonly source: Source;
}): preact.JSX.Element {
  const { model } = view;
  const row = view.chosen.value;
  const { events, problem } = useEvents(view, source, row);
  const told = useMemo(() => (events === undefined ? undefined : toldBy(events)), [events]);
  const close = (): void => {
    view.isPanelOpen.value = false;
    document.getElementById(`row-${row}`)?.focus();
  };
  return (
    <aside
      class={`panel ${colourOf(model, row, view.colour.value)}`}
      aria-label="Details of the chosen row"
      tabIndex={-1}
    >
      <div class="p-head">
        <div class="p-line">
          <span class={`tag ${isGap(model, row) ? 'hollow' : ''}`}>{tagOf(model, row)}</span>
          {serviceOf(model, row) !== '' && <span class="service">{serviceOf(model, row)}</span>}
          {model.failure(row) !== '' && <span class="pill">{model.failure(row)}</span>}
          {(model.flags[row]! & flag.open) !== 0 && <span class="pill">unfinished</span>}
          <span class="grow" />
          <button
            type="button"
            class="btn quiet"
            aria-label="Row above"
            title="Row above (k)"
            onClick={() => step(view, -1)}
          >
            <Icon name="up" />
          </button>
          <button
            type="button"
            class="btn quiet"
            aria-label="Row below"
            title="Row below (j)"
            onClick={() => step(view, 1)}
          >
            <Icon name="down" />
          </button>
          <button type="button" class="btn quiet" aria-label="Close" title="Close (Esc)" onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        <h2>
          {timesOf(model, row)} <bdi>{titleOf(model, row)}</bdi>
        </h2>
        {detailOf(model, row) !== '' && <p class="detail">{detailOf(model, row)}</p>}
      </div>
      <Findings model={model} row={row} />
      <Figures model={model} row={row} />
      {isRepeat(model, row) && <Durations model={model} row={row} />}
      {told !== undefined && <Details told={told} />}
      {problem !== undefined && <p class="section note bad">{problem}</p>}
      {events !== undefined && <Events events={events} model={model} row={row} />}
    </aside>
  );
}

function Findings({ model, row }: { readonly model: Model; readonly row: Row }): preact.JSX.Element {
  const numbers = model.findings.get(row) ?? [];
  return (
    <>
      {numbers.map((number) => {
        const { sentence, advice } = model.trace.findings[number - 1]!;
        return (
          <section key={number} class="section finding">
            <span class="disc">{number}</span>
            <div>
              <p class="said">
                <Sentence pieces={sentence} />
              </p>
              {advice !== null && <p>{advice}</p>}
            </div>
          </section>
        );
      })}
    </>
  );
}

function Figures({ model, row }: { readonly model: Model; readonly row: Row }): preact.JSX.Element {
  const { start, end, self, onPath, flags, trace } = model;
  const took = end[row]! - start[row]!;
  const path = onPath[row]!;
  const own = self[row]!;
  const isOpen = (flags[row]! & flag.open) !== 0;
  const hasBelow = !isGap(model, row) && !isRepeat(model, row) && model.below(row).length > 0 && took > 0;
  return (
    <section class="section">
      <dl class="figures">
        <div>
          <dt>{isOpen ? 'never stopped' : isRepeat(model, row) ? 'first to last' : 'time'}</dt>
          <dd>
            {isOpen ? '≥\u00a0' : ''}
            {timeText(took)}
          </dd>
        </div>
        <div>
          <dt>on the path</dt>
          <dd>{path > 0 ? timeText(path) : 'none'}</dd>
        </div>
        <div>
          <dt>of the request</dt>
          <dd>{shareText(path, trace.duration) || '0\u00a0%'}</dd>
        </div>
      </dl>
      {hasBelow && (
        <>
          <div class="own" aria-hidden="true">
            <i style={{ width: `${(100 * own) / took}%` }} />
          </div>
          <p class="ends">
            <span>self {timeText(own)}</span>
            <span>in the rows below {timeText(took - own)}</span>
          </p>
        </>
      )}
    </section>
  );
}

function Details({ told }: { readonly told: Told }): preact.JSX.Element {
  const { error, statement, dialect, place, facts } = told;
  return (
    <>
      {error !== '' && (
        <section class="section">
          <h3>Error</h3>
          <pre class="code">{printable(error)}</pre>
        </section>
      )}
      {statement !== '' && <Statement text={statement} dialect={dialect} />}
      {place !== '' && (
        <section class="section">
          <h3>
            In the code <Copy text={place} what="the place in the code" />
          </h3>
          <p class="place">
            <code>{printable(place)}</code>
          </p>
        </section>
      )}
      {facts.length > 0 && (
        <section class="section">
          <h3>Facts</h3>
          <dl class="facts">
            {facts.map(({ name, value }, at) => (
              <div key={at}>
                <dt>{printable(name)}</dt>
                <dd>
                  <bdi>{printable(value)}</bdi>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </>
  );
}

function Events({
  events,
  model,
  row,
}: {
  readonly events: readonly StoredEvent[];
  readonly model: Model;
  readonly row: Row;
}): preact.JSX.Element {
  const text = useMemo(() => safeJson(events), [events]);
  const several = isRepeat(model, row) ? ' of the first' : '';
  return (
    <section class="section">
      <h3>
        Raw events{several} <Copy text={text} what="the events" />
      </h3>
      <details>
        <summary>{events.map(({ name }) => printable(name)).join(', ')}</summary>
        <pre class="code">{text}</pre>
      </details>
    </section>
  );
}
