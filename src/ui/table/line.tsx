// A line of the table.
import { columnTime } from '../trace/words.js';
import type { Group } from './groups.js';

export function Line({
  id,
  group,
  at,
  top,
  colour,
  pattern,
  part,
  isChosen,
  isHit,
  isFirst,
  decimals,
}: {
  /** By which the focus finds it. */
  readonly id: string;
  readonly group: Group;
  readonly at: number;
  readonly top: number;
  /** The class of its colour. */
  readonly colour: string;
  readonly pattern: string;
  /** Its time on the path, as a part of the longest. */
  readonly part: number;
  readonly isChosen: boolean;
  readonly isHit: boolean;
  /** Whether the Tab key leads to it, because nothing is chosen. */
  readonly isFirst: boolean;
  readonly decimals: number;
}): preact.JSX.Element {
  const { tag, service, what, count, path, self, total, p50, max, errors, unfinished } = group;
  const least = unfinished > 0 ? '≥\u00a0' : '';
  const time = (micros: number): string => columnTime(micros, decimals);
  return (
    <div
      role="row"
      id={id}
      class={`t-row t-line ${colour} ${isChosen ? 'chosen' : ''} ${isHit ? 'hit' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      data-at={at}
      aria-rowindex={at + 2}
      aria-selected={isChosen}
      tabIndex={isChosen || isFirst ? 0 : -1}
    >
      <div role="gridcell" class="t-what">
        <span class={`tag ${pattern === 'work' ? '' : 'hollow'}`}>{tag}</span>
        {service !== '' && <span class="service wide">{service}</span>}
        <bdi class="title" title={what}>
          {what}
        </bdi>
      </div>
      <div role="gridcell" class="wide">
        {count}
      </div>
      <div role="gridcell" class="t-path">
        <i class="meter" aria-hidden="true">
          <i class={`w-${pattern}`} style={{ width: `${100 * part}%` }} />
        </i>
        <span>{time(path)}</span>
      </div>
      <div role="gridcell">{time(self)}</div>
      <div role="gridcell" class="wide">
        {least}
        {time(total)}
      </div>
      <div role="gridcell" class="wide">
        {time(p50)}
      </div>
      <div role="gridcell" class="wide">
        {least}
        {time(max)}
      </div>
      <div role="gridcell" class={`wide ${errors > 0 ? 'bad' : 'none'}`}>
        {errors}
      </div>
    </div>
  );
}
