// The tools above the view: its tabs, search, and what is shown.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../icon.js';
import { countHits, nextHit } from './search.js';
import { type TraceView, traceViews } from './views.js';
import { type View, zoomOut } from './view.js';

export function Tools({
  view,
  field,
}: {
  readonly view: View;
  readonly field: RefObject<HTMLInputElement | null>;
}): preact.JSX.Element {
  const { from, to } = view.window.value;
  const isWhole = from === view.whole.from && to === view.whole.to;
  return (
    <div class="tools">
      <Tabs view={view} />
      <span class="grow" />
      <Hits view={view} />
      <label class="field">
        <Icon name="search" />
        <span class="sr">Search the points</span>
        <input
          ref={field}
          type="search"
          placeholder="Search  /"
          value={view.query.value}
          onInput={(event) => (view.query.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') nextHit(view, event.shiftKey ? -1 : 1);
            else if (event.key === 'Escape') event.currentTarget.blur();
            else return;
            event.preventDefault();
          }}
        />
      </label>
      <button
        type="button"
        class="btn"
        aria-pressed={view.onlyPath.value}
        title="Only what the request waited for (c)"
        onClick={() => (view.onlyPath.value = !view.onlyPath.value)}
      >
        <Icon name="path" />
        <span>
          Critical path<span class="wide-1"> only</span>
        </span>
      </button>
      <button
        type="button"
        class="btn not-phone"
        title="Colour by kind or by service (b)"
        onClick={() => changeColour(view)}
      >
        Colour: {view.colour.value}
      </button>
      <button
        type="button"
        class="btn not-phone"
        disabled={isWhole}
        title="All of the time (0)"
        onClick={() => zoomOut(view)}
      >
        Fit
      </button>
    </div>
  );
}

/** Colours by services instead of kinds, and back. */
export function changeColour(view: View): void {
  view.colour.value = view.colour.peek() === 'kind' ? 'service' : 'kind';
}

function Tabs({ view }: { readonly view: View }): preact.JSX.Element {
  const now = view.name.value;
  const go = (event: KeyboardEvent, { name }: TraceView): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = traceViews.findIndex((each) => each.name === name);
    const next = traceViews[(at + step + traceViews.length) % traceViews.length]!;
    view.name.value = next.name;
    document.getElementById(`tab-${next.name}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="View">
      {traceViews.map((each) => (
        <button
          key={each.name}
          id={`tab-${each.name}`}
          type="button"
          role="tab"
          aria-selected={each.name === now}
          aria-controls="view"
          tabIndex={each.name === now ? 0 : -1}
          onClick={() => (view.name.value = each.name)}
          onKeyDown={(event) => go(event, each)}
        >
          {each.label}
        </button>
      ))}
    </div>
  );
}

function Hits({ view }: { readonly view: View }): preact.JSX.Element {
  const [found, setFound] = useState<number>();
  const query = view.query.value;
  useEffect(() => countHits(view, setFound), [view, query]);
  return (
    <span class="hits" role="status">
      {query.trim() === '' || found === undefined ? '' : `${found} found`}
    </span>
  );
}
