// The list without rows: the store is empty, nothing matches, or it cannot be listed.
import { clean } from '../../report/format.js';
import { Copy } from '../copy.js';
import { openSend } from '../send/send-form.js';
import { about, conditions, isLoading, known, loadMore, setConditions, typed } from './list-state.js';

const start = `OSTRACE_ENABLED=true OSTRACE_HMAC_KEYS=secret OSTRACE_SERVICE=shop \\
  node --import ostrace/register app.js`;
const send = 'npx ostrace request --profile secret --show http://localhost:3000/orders/42';

export function Empty(): preact.JSX.Element {
  return (
    <main class="l-message" id="body">
      <div>
        <h2>No trace yet</h2>
        <p class="lead">
          Nothing is traced until a request comes that is signed with your key. The first takes three steps.
        </p>
        <ol>
          <li>
            <h3>Start your service with the agent</h3>
            <p>The key is any secret of yours. Services that share a trace share key and store.</p>
            <Command text={start} />
          </li>
          <li>
            <h3>Send a signed request</h3>
            <p>
              From a terminal, or{' '}
              <button type="button" class="btn" onClick={openSend}>
                paste a curl command here
              </button>
              . An unsigned request leaves no trace.
            </p>
            <Command text={send} />
          </li>
          <li>
            <h3>See it here</h3>
            <p role="status">
              Watching {clean(about.value?.store ?? 'the store')} … the trace opens as soon as its first point
              comes.
            </p>
            <p>
              Sent one and nothing comes? <code>npx ostrace doctor</code> says why.
            </p>
          </li>
        </ol>
      </div>
    </main>
  );
}

function Command({ text }: { readonly text: string }): preact.JSX.Element {
  return (
    <div class="l-command">
      {/* It scrolls, so the keyboard has to reach it. */}
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} what="the command" />
    </div>
  );
}

export function NoMatch(): preact.JSX.Element {
  const all = [...conditions.value, ...(typed.value.trim() === '' ? [] : [typed.value.trim()])];
  const { examined = 0, total, next } = known.value ?? {};
  const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`;
  const which =
    next === undefined ? examined.toLocaleString('en') : `the ${examined.toLocaleString('en')} newest${of}`;
  const drop = (): void => {
    if (typed.peek().trim() === '') setConditions(conditions.peek().slice(0, -1));
    else typed.value = '';
  };
  return (
    <div class="l-message" role="status">
      <div>
        <h2>No trace matches</h2>
        <p class="lead">
          None of {which} traces has {all.join(' and ')}.
        </p>
        <p class="l-buttons">
          <button type="button" class="btn" onClick={drop}>
            Drop the last condition
          </button>
          {next !== undefined && <LookFurther />}
        </p>
      </div>
    </div>
  );
}

/** Asks for the next page where it does not come by itself. */
export function LookFurther(): preact.JSX.Element {
  return (
    <button type="button" class="btn" disabled={isLoading.value} onClick={() => void loadMore()}>
      {isLoading.value ? 'Looking …' : 'Look further back'}
    </button>
  );
}

/** A queue holds traces, and cannot say which. */
export function CannotList({ store }: { readonly store: string }): preact.JSX.Element {
  return (
    <main class="l-message" id="body">
      <div>
        <h2>This store has no list</h2>
        <p class="lead">
          {clean(store)} is a queue, which cannot say which traces it holds. A trace opens by its id:
          #trace=ID behind the address of this page.
        </p>
      </div>
    </main>
  );
}

/** Only after a moment, by the style: what is there at once needs none. */
export function Loading(): preact.JSX.Element {
  return (
    <div class="l-loading" role="status" aria-label="Loading the traces">
      {Array.from({ length: 12 }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  );
}
