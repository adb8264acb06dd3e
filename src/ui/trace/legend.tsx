// The legend: what colours and patterns mean.
import type { KindName } from '../../report/page/page-trace.js';
import type { View } from './view.js';

const families: readonly { readonly family: KindName; readonly tag: string; readonly name: string }[] = [
  { family: 'in', tag: 'IN', name: 'calls in' },
  { family: 'fn', tag: 'FN', name: 'own code' },
  { family: 'out', tag: 'OUT', name: 'calls out' },
  { family: 'db', tag: 'SQL', name: 'database' },
  { family: 'cache', tag: 'RDS', name: 'Redis' },
  { family: 'msg', tag: 'MSG', name: 'messages' },
  { family: 'proc', tag: 'CMD', name: 'commands, threads' },
];

const looks = [
  { look: 'path', name: 'on the path' },
  { look: 'blocked', name: 'blocked' },
  { look: 'wait', name: 'waiting' },
  { look: 'none', name: 'not recorded' },
] as const;

const hues = 5;

export function Legend({ view }: { readonly view: View }): preact.JSX.Element {
  const { kinds, points, services } = view.model.trace;
  const used = new Set(points.kind.map((kind) => kinds[kind]!.family));
  return (
    <ul class="legend" aria-label="Colours and patterns">
      {view.colour.value === 'kind'
        ? families
            .filter(({ family }) => used.has(family))
            .map(({ family, tag, name }) => (
              <li key={family} class={`k-${family}`}>
                <span class="tag">{tag}</span> {name}
              </li>
            ))
        : services.slice(0, 12).map((name, index) => (
            <li key={name} class={`s-${index % hues}`}>
              <i class="swatch w-work" /> {name}
            </li>
          ))}
      {looks.map(({ look, name }) => (
        <li key={look} class="k-fn look">
          <i class={`swatch w-${look}`} /> {name}
        </li>
      ))}
    </ul>
  );
}
