// The answer: what explains most of the time, in a sentence; beside it what else was found; below it the bar of parts
// that proves it.
import { useSignal } from '@preact/signals';
import type { PageFinding, PagePiece } from '../../report/page/page-trace.js';
import { PartsBar } from './parts-bar.js';
import { PartsKey } from './parts-key.js';
import { isNarrow } from './size.js';
import { type View, chooseFinding } from './view.js';
import { shareText, timeText } from './words.js';

/** So many findings stand beside the first; the others are asked for. */
const fewOthers = 3;
/** On a phone the rows must begin early. */
const fewOthersOnPhone = 0;

export function Verdict({ view }: { readonly view: View }): preact.JSX.Element {
  const { findings, notes, otherwise, duration } = view.model.trace;
  const [first, ...others] = findings;
  const isAll = useSignal(false);
  const few = isNarrow.matches ? fewOthersOnPhone : fewOthers;
  const shown = isAll.value ? others : others.slice(0, few);
  const more = others.length - shown.length;
  return (
    <section class={`verdict ${view.isSlim.value ? 'slim' : ''}`} aria-label="What was found">
      <div class="answer">
        <div class="first">
          {first === undefined ? (
            <h2>Nothing stands out{otherwise === '' ? '.' : `: ${otherwise}.`}</h2>
          ) : (
            <h2>
              <button type="button" onClick={() => chooseFinding(view, 1)}>
                <span class="disc">1</span>
                <Sentence pieces={first.sentence} />
              </button>
            </h2>
          )}
          {first?.advice !== null && first !== undefined && <p class="advice">{first.advice}</p>}
          {notes.map((note) => (
            <p key={note} class="note">
              {note}
            </p>
          ))}
        </div>
        {others.length > 0 && (
          <ol class="others" start={2}>
            {shown.map((finding, at) => (
              <li key={at}>
                <Other view={view} finding={finding} number={at + 2} duration={duration} />
              </li>
            ))}
            {others.length > few && (
              <li>
                <button
                  type="button"
                  class="more"
                  aria-expanded={isAll.value}
                  onClick={() => (isAll.value = !isAll.value)}
                >
                  {isAll.value ? 'fewer' : `${more} more ${few === 0 ? 'found' : ''}`}
                </button>
              </li>
            )}
          </ol>
        )}
      </div>
      <PartsBar view={view} />
      <PartsKey view={view} />
    </section>
  );
}

function Other({
  view,
  finding,
  number,
  duration,
}: {
  readonly view: View;
  readonly finding: PageFinding;
  readonly number: number;
  readonly duration: number;
}): preact.JSX.Element {
  const { explains, sentence } = finding;
  return (
    <button type="button" onClick={() => chooseFinding(view, number)}>
      <span class="disc">{number}</span>
      <span class="text">
        <Sentence pieces={sentence} />
      </span>
      <b class="time">{explains > 0 ? timeText(explains) : ''}</b>
      <span class="share">{explains > 0 && explains <= duration ? shareText(explains, duration) : ''}</span>
    </button>
  );
}

/** A sentence with its number and its place in code marked. */
export function Sentence({ pieces }: { readonly pieces: readonly PagePiece[] }): preact.JSX.Element {
  return (
    <bdi>
      {pieces.map(({ text, style }, at) => {
        if (style === 'figure') return <mark key={at}>{text}</mark>;
        return style === 'code' ? <code key={at}>{text}</code> : text;
      })}
    </bdi>
  );
}
