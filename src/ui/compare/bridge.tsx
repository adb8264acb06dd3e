// The bridge from A to B: what was added and what was taken away, so that all of it is the difference.
import type { PageComparison } from '../../report/page/comparison.js';
import { columnTime, decimalsOf } from '../trace/words.js';
import type { BridgeRow } from './bridge-rows.js';
import { signedTime } from './words.js';

interface Props {
  readonly comparison: PageComparison;
  readonly rows: readonly BridgeRow[];
  /** The index of the chosen row; -1 for none. */
  readonly chosen: number;
  readonly onChoose: (row: number) => void;
}

export function Bridge({ comparison, rows, chosen, onChoose }: Props): preact.JSX.Element {
  const { a, b, difference } = comparison;
  const decimals = decimalsOf(Math.max(a.duration, b.duration));
  const scale = rows.reduce((most, { from, to }) => Math.max(most, from, to), Math.max(1, b.duration));
  const time = (micros: number): string => columnTime(micros, decimals);
  return (
    <div class="bridge" role="grid" aria-label="From A to B" aria-rowcount={rows.length + 3}>
      <div role="rowgroup">
        <div role="row" class="b-row b-head" aria-rowindex={1}>
          <div role="columnheader">B − A, ms</div>
          <div role="columnheader" class="b-what">
            What
          </div>
          <div role="columnheader" class="b-side">
            A
          </div>
          <div role="columnheader" class="b-side">
            B
          </div>
          <div role="columnheader" class="b-change">
            Change
          </div>
          <div role="columnheader" class="b-step">
            from A to B
          </div>
        </div>
      </div>
      <div role="rowgroup">
        <Whole name="A" said="in all" index={2} sides={[time(a.duration), '']} part={a.duration / scale} />
        {rows.map((row, at) => (
          <Step
            key={row.steps[0]}
            row={row}
            index={at + 3}
            isLast={at === rows.length - 1}
            isChosen={at === chosen}
            isFirst={chosen < 0 && at === 0}
            comparison={comparison}
            scale={scale}
            decimals={decimals}
            onChoose={() => onChoose(at)}
          />
        ))}
        <Whole
          name="B"
          said="in all: the differences sum to it"
          index={rows.length + 3}
          sides={['', time(b.duration)]}
          sum={signedTime(difference, decimals)}
          part={b.duration / scale}
        />
      </div>
    </div>
  );
}

function Whole({
  name,
  said,
  index,
  sides,
  sum = '',
  part,
}: {
  readonly name: 'A' | 'B';
  readonly said: string;
  readonly index: number;
  readonly sides: readonly [string, string];
  readonly sum?: string;
  readonly part: number;
}): preact.JSX.Element {
  return (
    <div role="row" class="b-row whole" aria-rowindex={index}>
      <div role="gridcell">{sum}</div>
      <div role="gridcell" class="b-what">
        <span class={`side side-${name}`}>{name}</span> {said}
      </div>
      <div role="gridcell" class="b-side">
        {sides[0]}
      </div>
      <div role="gridcell" class="b-side">
        {sides[1]}
      </div>
      <div role="gridcell" class="b-change" />
      <div role="gridcell" class="b-step">
        <i class="base" style={{ width: `${100 * part}%` }} />
      </div>
    </div>
  );
}

function Step({
  row,
  index,
  isLast,
  isChosen,
  isFirst,
  comparison: { steps, kinds },
  scale,
  decimals,
  onChoose,
}: {
  readonly row: BridgeRow;
  readonly index: number;
  readonly isLast: boolean;
  readonly isChosen: boolean;
  readonly isFirst: boolean;
  readonly comparison: PageComparison;
  readonly scale: number;
  readonly decimals: number;
  readonly onChoose: () => void;
}): preact.JSX.Element {
  const { label, detail, service, difference, a, b, change, from, to } = row;
  const [only, ...others] = row.steps.map((step) => steps[step]!);
  const isOne = only !== undefined && others.length === 0;
  const way = difference > 0 ? 'up' : difference < 0 ? 'down' : '';
  const percent = (micros: number): string => `${(100 * micros) / scale}%`;
  const side = (micros: number, isThere: boolean): string => (isThere ? columnTime(micros, decimals) : '–');
  return (
    <div
      role="row"
      class={`b-row b-line ${isChosen ? 'chosen' : ''}`}
      aria-rowindex={index}
      aria-selected={isChosen}
      tabIndex={isChosen || isFirst ? 0 : -1}
      onClick={onChoose}
    >
      <div role="gridcell" class={`b-difference ${way}`}>
        {signedTime(difference, decimals)}
      </div>
      <div role="gridcell" class="b-what">
        {isOne && <i class={`swatch k-${kinds[only.kind]!.family} w-${only.pattern}`} aria-hidden="true" />}
        <span class="title" title={`${label} ${detail}`}>
          <bdi>{label}</bdi> <span class="detail">{detail}</span>
        </span>
        {service !== '' && <span class="service">{service}</span>}
      </div>
      <div role="gridcell" class="b-side">
        {side(a, !isOne || only.a !== null)}
      </div>
      <div role="gridcell" class="b-side">
        {side(b, !isOne || only.b !== null)}
      </div>
      <div role="gridcell" class={`b-change ${change === 'new' || change === 'gone' ? change : ''}`}>
        {change}
      </div>
      <div role="gridcell" class="b-step">
        <i
          class={`stretch ${way}`}
          style={{ left: percent(Math.min(from, to)), width: percent(Math.abs(to - from)) }}
        />
        {!isLast && <i class="joint" style={{ left: percent(to) }} />}
      </div>
    </div>
  );
}
