// The map of services: who called whom, and how long the request waited for it; below it the same numbers as lists.
import { useMemo, useRef } from 'preact/hooks';
import { useWidth } from '../trace/size.js';
import { type View, choose } from '../trace/view.js';
import { Drawing } from './drawing.js';
import { graphOf } from './graph.js';
import { Lists } from './lists.js';
import { boxesShown } from './place.js';

export function Services({ view }: { readonly view: View }): preact.JSX.Element {
  const { model } = view;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 900);
  const graph = useMemo(() => graphOf(model), [model]);
  const shown = useMemo(() => boxesShown(graph), [graph]);
  const go = (row: number): void => choose(view, row, { panel: true });
  const more = graph.boxes.length - shown.size;
  return (
    <div class="services">
      <div ref={frame}>
        <Drawing view={view} graph={graph} shown={shown} width={width.value} onChoose={go} />
        {more > 0 && <p class="note">{more} more are in the list only: the request waited less for them.</p>}
        <Lists view={view} graph={graph} onChoose={go} />
      </div>
    </div>
  );
}
