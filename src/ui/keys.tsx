// The keys of a page: one table that they work by, and that `?` shows.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useDialog } from './dialog.js';
import { Icon } from './icon.js';

/** A key, or several that belong together, and what it does. */
export interface Key {
  /** As the help shows them: `['+', '−']`. */
  readonly shown: readonly string[];
  readonly does: string;
  /** What each does, by the name that browsers have for it (`KeyboardEvent.key`), `Shift+ArrowLeft` with Shift. */
  readonly on: Readonly<Record<string, () => void>>;
}

export interface KeyGroup {
  readonly title: string;
  readonly keys: readonly Key[];
}

/** Whether the help is open. */
const isHelpOpen = signal(false);

export const openHelp = (): void => {
  isHelpOpen.value = true;
};

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');

/** The name of a key as tables have it: Shift counts only where it makes no other character. */
const nameOf = ({ key, shiftKey }: KeyboardEvent): string =>
  shiftKey && key.length > 1 ? `Shift+${key}` : key;

/** Makes keys work while a component is shown. Letters do nothing in a field, nor with Ctrl, Alt or Meta. */
export function useKeys(groups: readonly KeyGroup[]): void {
  const latest = useRef(groups);
  latest.current = groups;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (document.querySelector('dialog[open]') !== null) return;
      if (isField(event.target) && event.key !== 'Escape') return;
      const name = nameOf(event);
      const key = latest.current.flatMap(({ keys }) => keys).find(({ on }) => Object.hasOwn(on, name));
      if (key === undefined) return;
      event.preventDefault();
      key.on[name]!();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** The list of keys, in a dialog. */
export function KeyHelp({ groups }: { readonly groups: readonly KeyGroup[] }): preact.JSX.Element {
  const { dialog, close } = useDialog(isHelpOpen);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="keys-title"
      onClose={close}
      onKeyDown={(event) => {
        if (event.key === '?') close();
      }}
    >
      <div class="d-head">
        <h2 id="keys-title">Keys</h2>
        <button type="button" class="btn quiet" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="keys">
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(({ shown, does }) => (
                <div key={does}>
                  <dt>
                    {shown.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
