// A row of the list: one trace.
import { clean, duration } from '../../report/format.js';
import type { ListRow } from '../../report/page/list-types.js';
import { dayOf, percentileOf, scaleOf, timeOf } from './figures.js';

interface Props {
  readonly row: ListRow;
  readonly index: number;
  readonly top: number;
  readonly isMarked: boolean;
  readonly isFresh: boolean;
  /** Whether it is the one that the Tab key reaches. */
  readonly isChosen: boolean;
  readonly service: number;
  onFocus(index: number): void;
}

export function TraceRow({
  row,
  index,
  top,
  isMarked,
  isFresh,
  isChosen,
  service,
  onFocus,
}: Props): preact.JSX.Element {
  const { base_id, startedAt, method, route, status, points, errors, unfinished } = row;
  const isBad = unfinished > 0 || (status ?? 0) >= 500;
  const name = `${method ?? ''} ${clean(route)}`.trim();
  const classes = [
    'l-row',
    isMarked && 'marked',
    isBad && 'failed',
    isFresh && 'fresh',
    isSlow(row) && 'slow',
  ];
  return (
    <div
      class={classes.filter(Boolean).join(' ')}
      role="row"
      aria-rowindex={index + 2}
      data-id={base_id}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span class="l-when" role="cell" title={new Date(startedAt).toISOString()}>
        <span class="l-day">{dayOf(startedAt)} </span>
        {timeOf(startedAt)}
      </span>
      <span class="l-request" role="cell">
        <a
          href={`#trace=${base_id}`}
          tabIndex={isChosen ? 0 : -1}
          title={name}
          onFocus={() => onFocus(index)}
          aria-label={isMarked ? `${name}, marked` : undefined}
        >
          {method !== null && <span class="l-method">{clean(method)} </span>}
          {clean(route)}
        </a>
      </span>
      <span class="l-service" role="cell">
        {row.service !== '' && (
          <span class={`service hued s-${service % 5}`} title={clean(row.services.join(', '))}>
            {clean(row.service)}
          </span>
        )}
      </span>
      <span class="l-status" role="cell">
        <Status status={status} isOpen={unfinished > 0} />
      </span>
      <Duration row={row} name={name} />
      <span class="l-points num" role="cell">
        {points}
      </span>
      <span class="l-finding" role="cell">
        <Finding row={row} />
        {errors > 0 && <span class="bad"> {errors === 1 ? '1 error' : `${errors} errors`}</span>}
      </span>
    </div>
  );
}

const isSlow = ({ duration: micros, alike }: ListRow): boolean => alike !== undefined && micros > alike.p95;

function Status({ status, isOpen }: { status: number | null; isOpen: boolean }): preact.JSX.Element {
  if (status === null) return <span class={isOpen ? 'bad' : ''}>{isOpen ? '…' : ''}</span>;
  return <span class={status >= 400 ? 'pill' : ''}>{status}</span>;
}

/** The line is this trace. The box reaches from 80 % of its route's median to the 95th percentile. */
function Duration({ row, name }: { row: ListRow; name: string }): preact.JSX.Element {
  const { duration: micros, unfinished, alike } = row;
  const text = `${unfinished > 0 ? '≥ ' : ''}${duration(micros)}`;
  if (alike === undefined) {
    return (
      <span class="l-duration" role="cell">
        <b>{text}</b>
        {unfinished > 0 && <span class="bad">unfinished</span>}
      </span>
    );
  }
  const scale = scaleOf(row, alike);
  const at = (value: number): string => `${(100 * value) / scale}%`;
  const words = `slower than ${percentileOf(micros, alike)} % of ${alike.count} traces of ${name}; p50 ${duration(alike.p50)}, p95 ${duration(alike.p95)}`;
  return (
    <span class="l-duration" role="cell" title={words}>
      <b>{text}</b>
      <span class="l-track" role="img" aria-label={words}>
        <i class="box" style={{ left: at(alike.p50 * 0.8), width: at(alike.p95 - alike.p50 * 0.8) }} />
        <i class="middle" style={{ left: at(alike.p50) }} />
        <i class="line" style={{ width: at(micros) }} />
        <i class="end" style={{ left: at(micros) }} />
      </span>
    </span>
  );
}

function Finding({ row: { finding, isGrowing, points } }: { row: ListRow }): preact.JSX.Element | null {
  if (finding === undefined)
    return points === 0 ? null : <span class="dim">Open it to see what was found</span>;
  if (finding === null) return <span class="dim">{isGrowing ? 'Still growing' : 'Nothing stands out'}</span>;
  const text = clean(finding.sentence);
  return (
    <span class="l-sentence" title={text}>
      <i class={`swatch k-${finding.family} w-${finding.pattern}`} />
      {text}
    </span>
  );
}
