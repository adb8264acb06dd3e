// One row of the waterfall.
import { Icon } from '../icon.js';
import { flag } from '../../report/page/page-trace.js';
import { type Bars, barsOf } from './bars.js';
import { type Model, type Row, isGap, isRepeat, targetOf } from './model.js';
import type { Window } from './view.js';
import { columnTime, detailOf, namesService, serviceOf, tagOf, timeText, timesOf, titleOf } from './words.js';

interface Props {
  readonly model: Model;
  readonly row: Row;
  readonly index: number;
  readonly isOpen: boolean;
  readonly isChosen: boolean;
  readonly isHit: boolean;
  readonly colour: 'kind' | 'service';
  readonly window: Window;
  readonly width: number;
  readonly top: number;
  readonly decimals: number;
  readonly onToggle: () => void;
}

/** How many hues services have. */
const hues = 5;

/** The class that gives a row its colour. */
export function colourOf(model: Model, row: Row, colour: 'kind' | 'service'): string {
  if (colour === 'kind') return `k-${model.trace.kinds[model.kind[row]!]!.family}`;
  return model.service[row]! < 0 ? 'k-fn' : `s-${model.service[row]! % hues}`;
}

/** A row: its name, its times and its bar. */
export function RowLine(props: Props): preact.JSX.Element {
  const { model, row, index, isOpen, isChosen, isHit, colour, top, decimals, onToggle } = props;
  const { flags, start, end, self } = model;
  const canOpen = model.below(row).length > 0;
  const isFailed = (flags[row]! & flag.failed) !== 0;
  const isUnfinished = (flags[row]! & flag.open) !== 0;
  const classes = [
    'row',
    colourOf(model, row, colour),
    isChosen ? 'chosen' : '',
    isFailed ? 'failed' : '',
    isHit ? 'hit' : '',
    isGap(model, row) ? 'gap' : '',
    model.findings.has(row) ? 'marked' : '',
  ];
  return (
    <div
      role="row"
      id={`row-${row}`}
      data-row={row}
      class={classes.filter((name) => name !== '').join(' ')}
      style={{ transform: `translateY(${top}px)` }}
      aria-level={model.level[row]! + 1}
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      aria-expanded={canOpen ? isOpen : undefined}
      tabIndex={isChosen ? 0 : -1}
    >
      <NameCell
        model={model}
        row={row}
        isOpen={isOpen}
        canOpen={canOpen}
        colour={colour}
        onToggle={onToggle}
      />
      <div role="gridcell" class="c-time">
        {isUnfinished ? '≥\u00a0' : ''}
        {columnTime(end[row]! - start[row]!, decimals)}
      </div>
      <div role="gridcell" class="c-self">
        {isGap(model, row) ? '' : columnTime(self[row]!, decimals)}
      </div>
      <BarCell {...props} isFailed={isFailed} />
    </div>
  );
}

function NameCell({
  model,
  row,
  isOpen,
  canOpen,
  colour,
  onToggle,
}: Pick<Props, 'model' | 'row' | 'isOpen' | 'colour' | 'onToggle'> & {
  readonly canOpen: boolean;
}): preact.JSX.Element {
  const numbers = model.findings.get(row) ?? [];
  const flags = model.flags[row]!;
  const failure = model.failure(row);
  const times = timesOf(model, row);
  return (
    <div role="gridcell" class="c-name">
      <span class="gutter">
        {numbers.length > 0 && (
          <span class="disc" title={`finding ${numbers.join(', ')}`}>
            {numbers[0]}
          </span>
        )}
      </span>
      <span class="indent" style={{ '--level': Math.min(24, model.level[row]!) }} />
      <span class={`twisty ${isOpen ? 'open' : ''}`} onClick={canOpen ? onToggle : undefined}>
        {canOpen && <Icon name="open" />}
      </span>
      <span class={`tag ${isGap(model, row) ? 'hollow' : ''}`}>{tagOf(model, row)}</span>
      {namesService(model, row) && (
        <span class={`service ${colour === 'service' ? 'hued' : ''}`}>{serviceOf(model, row)}</span>
      )}
      <span class="title">
        {times !== '' && <b>{times} </b>}
        <bdi>{titleOf(model, row)}</bdi> <span class="detail">{detailOf(model, row)}</span>
      </span>
      {(flags & flag.open) !== 0 && <span class="pill">unfinished</span>}
      {(flags & flag.cancelled) !== 0 && <span class="remark">cancelled</span>}
      {(flags & flag.unanswered) !== 0 && <span class="remark">no answer in the trace</span>}
      {(flags & flag.began) !== 0 && failure !== '' && <span class="remark">began here</span>}
      {failure !== '' && <span class="pill">{failure}</span>}
    </div>
  );
}

function BarCell({
  model,
  row,
  isOpen,
  window,
  width,
  decimals,
  isFailed,
}: Props & { readonly isFailed: boolean }): preact.JSX.Element {
  const { pieces, extent, side } = barsOf(model, row, isOpen, window, width);
  const label = labelOf(model, row);
  return (
    <div role="gridcell" class="c-line">
      <span class="sr">{placeText(model, row)}</span>
      {pieces.map(({ look, left, width: wide }, at) => (
        <i key={at} class={`bar ${look}`} style={{ left: `${left}%`, width: `${wide}%` }} />
      ))}
      {extent !== undefined && isFailed && <Failure extent={extent} isRepeat={isRepeat(model, row)} />}
      {extent !== undefined && label !== '' && extent.right - extent.left > (100 * 90) / width && (
        <span class="bar-label" style={{ left: `${extent.left}%` }} aria-hidden="true">
          {label}
        </span>
      )}
      {side !== undefined && (
        <span class={`edge ${side}`} aria-hidden="true">
          {side === 'before' ? '← ' : ''}
          {columnTime(side === 'before' ? model.end[row]! : model.start[row]!, decimals)}
          {side === 'after' ? ' →' : ''}
        </span>
      )}
    </div>
  );
}

/** The red outline of what failed, and a cross behind it. */
function Failure({
  extent: { left, right },
  isRepeat: isSeveral,
}: {
  readonly extent: NonNullable<Bars['extent']>;
  readonly isRepeat: boolean;
}): preact.JSX.Element {
  return (
    <>
      {!isSeveral && <i class="bar outline" style={{ left: `${left}%`, width: `${right - left}%` }} />}
      <span class={`cross ${right > 96 ? 'inside' : ''}`} style={{ left: `${right}%` }}>
        <Icon name="cross" />
      </span>
    </>
  );
}

/** The label on the bar of a gap that a finding is about. */
function labelOf(model: Model, row: Row): string {
  const target = targetOf(model, row);
  if (!('gap' in target)) return '';
  const gap = model.trace.gaps[target.gap]!;
  if (gap.finding === 0) return '';
  const word = { blocked: 'blocked', wait: 'waited', none: 'not recorded' }[gap.pattern];
  return `${word} ${timeText(gap.to - gap.from)}`;
}

/** The place of a bar for those who do not see it. */
function placeText(model: Model, row: Row): string {
  const path = model.onPath[row]!;
  return `from ${timeText(model.start[row]!)} to ${timeText(model.end[row]!)}${
    path > 0 ? `, ${timeText(path)} of it on the critical path` : ''
  }`;
}
