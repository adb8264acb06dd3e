// The form that sends a signed request: one sees what will be sent, to where, and whether that is allowed.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { clean } from '../../report/format.js';
import type { Preview } from '../../report/page/list-types.js';
import { goTo } from '../address.js';
import { useDialog } from '../dialog.js';
import { Icon } from '../icon.js';
import { previewOf, sendSigned } from '../list/server.js';

const isOpen = signal(false);
const command = signal('');
const preview = signal<Preview | undefined>(undefined);
/** The fault of the command. */
const wrong = signal<string | undefined>(undefined);
const isSending = signal(false);

const quietMs = 200;

export const openSend = (): void => {
  isOpen.value = true;
};

export function SendForm(): preact.JSX.Element {
  const { dialog, close } = useDialog(isOpen);
  const text = command.value;
  useEffect(() => {
    preview.value = undefined;
    wrong.value = undefined;
    const timer = setTimeout(() => {
      if (text.trim() !== '') void look(text);
    }, quietMs);
    return () => clearTimeout(timer);
  }, [text]);
  const seen = preview.value;
  const isAllowed = seen !== undefined && seen.refusal === undefined;
  return (
    <dialog ref={dialog} class="drawer" aria-labelledby="send-title" onClose={close}>
      <div class="d-head">
        <h2 id="send-title">Send a signed request</h2>
        <button type="button" class="btn quiet" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <form
        class="s-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isAllowed) void send();
        }}
      >
        <label for="command">
          A curl command <small>in the browser: Network, right-click, Copy as cURL; or a URL</small>
        </label>
        <textarea
          id="command"
          rows={7}
          spellcheck={false}
          autocomplete="off"
          value={text}
          placeholder="curl 'http://localhost:3000/orders/42' -H 'accept: application/json'"
          onInput={(event) => {
            command.value = event.currentTarget.value;
          }}
        />
        <div aria-live="polite" class="s-seen">
          {seen !== undefined && <Seen preview={seen} />}
          {wrong.value !== undefined && <p class="bad">{clean(wrong.value)}</p>}
          {text.trim() === '' && <p class="dim">Paste one to see what will be sent.</p>}
        </div>
        <div class="s-buttons">
          <button type="submit" class="btn main" disabled={!isAllowed || isSending.value}>
            {isSending.value ? 'Sending …' : 'Send and show its trace'}
          </button>
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

async function look(text: string): Promise<void> {
  const isLatest = (): boolean => command.peek() === text;
  try {
    const seen = await previewOf(text);
    if (isLatest()) preview.value = seen;
  } catch (error) {
    if (isLatest()) wrong.value = (error as Error).message;
  }
}

async function send(): Promise<void> {
  isSending.value = true;
  try {
    const { base_id } = await sendSigned(command.peek());
    // It may hold somebody's cookie, and has done its work.
    command.value = '';
    if (!isOpen.peek()) return;
    isOpen.value = false;
    goTo({ sent: base_id });
  } catch (error) {
    wrong.value = (error as Error).message;
  } finally {
    isSending.value = false;
  }
}

function Seen({ preview: seen }: { readonly preview: Preview }): preact.JSX.Element {
  const { method, url, host, headerNames, bodyBytes, hasCredentials, refusal } = seen;
  const isAllowed = refusal === undefined;
  const path = url.slice(url.indexOf(host) + host.length);
  return (
    <>
      <dl class="s-facts">
        <dt>Request</dt>
        <dd class="mono">
          {clean(method)} {clean(path)}
        </dd>
        <dt>To</dt>
        <dd>
          <code>{clean(host)}</code>{' '}
          <b class={isAllowed ? 'ok' : 'bad'}>{isAllowed ? 'allowed' : 'not allowed'}</b>
        </dd>
        <dt>Headers</dt>
        <dd>{headerNames.length === 0 ? 'none' : clean(headerNames.join(', '))}</dd>
        <dt>Body</dt>
        <dd>{bodyBytes === null ? 'none' : bodyBytes === 1 ? '1 byte' : `${bodyBytes} bytes`}</dd>
        <dt>Signed with</dt>
        <dd>the key of ostrace ui; it does not reach this page</dd>
      </dl>
      {hasCredentials && <p class="dim">Its cookies and credentials are sent along, and are not stored.</p>}
      {!isAllowed && <p class="bad">{clean(refusal)}</p>}
    </>
  );
}
