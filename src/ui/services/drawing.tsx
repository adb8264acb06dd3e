// The drawing of the map: boxes, and lines that are as wide as the path's time.
import type { Row } from '../trace/model.js';
import type { View } from '../trace/view.js';
import { shareText, timeText } from '../trace/words.js';
import type { Box, Graph, Line } from './graph.js';
import { type Map2d, type Place, boxHeight, boxWidth, placeBoxes } from './place.js';

/** The width of a line in which the path stays for all of the time, in pixels. */
const widest = 30;

export function Drawing({
  view,
  graph,
  shown,
  width,
  onChoose,
}: {
  readonly view: View;
  readonly graph: Graph;
  readonly shown: ReadonlySet<number>;
  readonly width: number;
  readonly onChoose: (row: Row) => void;
}): preact.JSX.Element {
  const { duration } = view.model.trace;
  const map = placeBoxes(graph, shown, width);
  const lines = graph.lines.filter((line) => shown.has(line.from) && shown.has(line.to));
  const services = graph.boxes.filter(({ isService }) => isService);
  return (
    <div class="map-of" style={{ width: `${map.width}px`, height: `${map.height}px` }}>
      <svg width={map.width} height={map.height} aria-hidden="true">
        {lines.map((line) => (
          <Curve key={`${line.from} ${line.to}`} line={line} map={map} duration={duration} />
        ))}
      </svg>
      {[...shown].map((index) => (
        <BoxButton
          key={index}
          box={graph.boxes[index]!}
          hue={services.indexOf(graph.boxes[index]!)}
          place={map.places.get(index)!}
          duration={duration}
          onChoose={onChoose}
        />
      ))}
    </div>
  );
}

function Curve({
  line: { from, to, path, errors },
  map: { places, isDown },
  duration,
}: {
  readonly line: Line;
  readonly map: Map2d;
  readonly duration: number;
}): preact.JSX.Element {
  const d = curve(places.get(from)!, places.get(to)!, isDown);
  const wide = duration > 0 ? Math.min(1, path / duration) * widest : 0;
  return (
    <path
      class={`call ${path > 0 ? '' : 'unawaited'} ${errors > 0 ? 'failed' : ''}`}
      d={d}
      style={{ strokeWidth: `${Math.max(1, wide)}px` }}
    />
  );
}

/** From the side of one box to the opposite side of the other. */
function curve(a: Place, b: Place, isDown: boolean): string {
  const [x1, y1] = isDown ? [a.x + boxWidth / 2, a.y + boxHeight] : [a.x + boxWidth, a.y + boxHeight / 2];
  const [x2, y2] = isDown ? [b.x + boxWidth / 2, b.y] : [b.x, b.y + boxHeight / 2];
  const bend = Math.max(24, Math.abs(isDown ? y2 - y1 : x2 - x1) / 2);
  return isDown
    ? `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
    : `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function BoxButton({
  box: { name, isService, path, points, errors, row },
  hue,
  place: { x, y },
  duration,
  onChoose,
}: {
  readonly box: Box;
  /** Its number among the services; -1 for another system. */
  readonly hue: number;
  readonly place: Place;
  readonly duration: number;
  readonly onChoose: (row: Row) => void;
}): preact.JSX.Element {
  return (
    <button
      type="button"
      class={`service-box ${isService ? `s-${hue % 5}` : 'system'}`}
      style={{ transform: `translate(${x}px, ${y}px)`, width: `${boxWidth}px`, height: `${boxHeight}px` }}
      title={name}
      onClick={() => onChoose(row)}
    >
      <bdi class="name">{name}</bdi>
      <span class="figures-of">
        <b>{path > 0 ? timeText(path) : 'not waited for'}</b>
        <span>{path > 0 ? shareText(path, duration) : ''}</span>
        {errors > 0 && <span class="bad">{errors === 1 ? '1 error' : `${errors} errors`}</span>}
        <span class="sr">{points === 1 ? '1 point' : `${points} points`}</span>
      </span>
    </button>
  );
}
