// Opens and closes a dialog by a signal.
import type { Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Shows a dialog while the signal is true, and closes it with the page that it belongs to. */
export function useDialog(isOpen: Signal<boolean>): {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly close: () => void;
} {
  const dialog = useRef<HTMLDialogElement>(null);
  const isShown = isOpen.value;
  useEffect(() => {
    if (isShown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isShown]);
  const close = (): void => {
    isOpen.value = false;
  };
  // A dialog that is removed with its page fires no `close`.
  useEffect(() => close, []);
  return { dialog, close };
}
