// The field in which conditions are typed: a finished one becomes a token.
import { useEffect, useRef } from 'preact/hooks';
import { clean } from '../../report/format.js';
import { Icon } from '../icon.js';
import { isFinished } from './conditions.js';
import { conditions, filter, filterProblem, reload, rows, setConditions, typed } from './list-state.js';
import { forgetPassed } from './live.js';

/** Typing is not over with each letter. */
const quietMs = 250;
const mostSuggested = 12;

const always = [
  'status:5xx',
  'duration:>500',
  'error:yes',
  'finding:blocked',
  'finding:repeats',
  'method:POST',
];

export const focusFilter = (): void => document.querySelector<HTMLInputElement>('#filter')?.focus();

export function FilterField(): preact.JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const all = conditions.value;
  const text = filter.value;
  useEffect(() => {
    const timer = setTimeout(
      () => {
        forgetPassed();
        void reload();
      },
      typed.peek() === '' ? 0 : quietMs,
    );
    return () => clearTimeout(timer);
  }, [text]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const value = typed.peek();
    if ((event.key === 'Enter' || event.key === ' ') && isFinished(value)) {
      event.preventDefault();
      typed.value = '';
      setConditions([...all, value.trim()]);
    } else if (event.key === 'Backspace' && value === '' && all.length > 0) {
      event.preventDefault();
      typed.value = all.at(-1)!;
      setConditions(all.slice(0, -1));
    } else if (event.key === 'Escape') {
      typed.value = '';
      input.current?.blur();
    }
  };
  const wrong = filterProblem.value;
  return (
    <div class="l-filter">
      <label class="field">
        <Icon name="search" />
        <span class="sr">Filter the traces</span>
        {all.map((condition, i) => (
          <span key={`${i} ${condition}`} class="l-token">
            {condition}
            <button
              type="button"
              aria-label={`Remove ${condition}`}
              onClick={() => {
                setConditions(all.filter((_, at) => at !== i));
                input.current?.focus();
              }}
            >
              ×
            </button>
          </span>
        ))}
        <input
          id="filter"
          ref={input}
          value={typed.value}
          list="suggestions"
          autocomplete="off"
          spellcheck={false}
          placeholder={all.length > 0 ? 'and …' : 'route:/orders  duration:>500  status:5xx  finding:blocked'}
          aria-invalid={wrong !== undefined}
          aria-describedby={wrong === undefined ? undefined : 'filter-problem'}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          onKeyDown={onKeyDown}
        />
        <datalist id="suggestions">
          {suggestions().map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </label>
      {wrong !== undefined && (
        <p class="bad" id="filter-problem" role="alert">
          {clean(wrong)}
        </p>
      )}
    </div>
  );
}

function suggestions(): readonly string[] {
  const quoted = (name: string): string => (/\s/.test(name) ? `"${name}"` : name);
  const found = rows.value.flatMap(({ service, route }) => [
    ...(service === '' ? [] : [`service:${quoted(clean(service))}`]),
    `route:${quoted(clean(route))}`,
  ]);
  return [...new Set(found)].slice(0, mostSuggested).concat(always);
}
