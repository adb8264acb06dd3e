// The numbers of the map as two lists: the boxes, and the calls between them.
import type { Row } from '../trace/model.js';
import type { View } from '../trace/view.js';
import { columnTime, decimalsOf, shareText } from '../trace/words.js';
import type { Graph } from './graph.js';

/** A list of more lines would take long to draw, and nobody would read it. */
const mostLines = 200;

interface Props {
  readonly view: View;
  readonly graph: Graph;
  readonly onChoose: (row: Row) => void;
}

export function Lists({ view, graph, onChoose }: Props): preact.JSX.Element {
  const { duration } = view.model.trace;
  const decimals = decimalsOf(duration);
  const boxes = graph.boxes.toSorted((a, b) => b.path - a.path || b.points - a.points);
  const nameOf = (index: number): string => graph.boxes[index]!.name;
  return (
    <div class="lists">
      <table>
        <caption>Time on the critical path in each one itself; the times add up to the duration</caption>
        <thead>
          <tr>
            <th scope="col">Service or system</th>
            <th scope="col">Points</th>
            <th scope="col">On the path, ms</th>
            <th scope="col">Share</th>
            <th scope="col">Errors</th>
          </tr>
        </thead>
        <tbody>
          {boxes.slice(0, mostLines).map(({ name, points, path, errors, row }, at) => (
            <tr key={at}>
              <th scope="row">
                <button type="button" onClick={() => onChoose(row)}>
                  <bdi>{name}</bdi>
                </button>
              </th>
              <td>{points}</td>
              <td>{columnTime(path, decimals)}</td>
              <td>{shareText(path, duration)}</td>
              <td class={errors > 0 ? 'bad' : ''}>{errors}</td>
            </tr>
          ))}
          <More all={boxes.length} />
        </tbody>
      </table>
      {graph.lines.length > 0 && (
        <table>
          <caption>Time on the path in each call, with all that was called in turn</caption>
          <thead>
            <tr>
              <th scope="col">Call</th>
              <th scope="col">Calls</th>
              <th scope="col">On the path, ms</th>
              <th scope="col">Share</th>
              <th scope="col">Failed</th>
            </tr>
          </thead>
          <tbody>
            {graph.lines.slice(0, mostLines).map(({ from, to, calls, path, errors, row }) => (
              <tr key={`${from} ${to}`}>
                <th scope="row">
                  <button type="button" onClick={() => onChoose(row)}>
                    <bdi>{nameOf(from)}</bdi> → <bdi>{nameOf(to)}</bdi>
                  </button>
                </th>
                <td>{calls}</td>
                <td>{columnTime(path, decimals)}</td>
                <td>{shareText(path, duration)}</td>
                <td class={errors > 0 ? 'bad' : ''}>{errors}</td>
              </tr>
            ))}
            <More all={graph.lines.length} />
          </tbody>
        </table>
      )}
    </div>
  );
}

function More({ all }: { readonly all: number }): preact.JSX.Element | null {
  if (all <= mostLines) return null;
  return (
    <tr>
      <td class="more-lines" colSpan={5}>
        {all - mostLines} more with less time
      </td>
    </tr>
  );
}
