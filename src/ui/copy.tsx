// A button that copies a text.
import { useState } from 'preact/hooks';
import { Icon } from './icon.js';

const shownMs = 1500;

/** Copies a text; the promise tells whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers may refuse the clipboard to a file.
    return false;
  }
}

export function Copy({ text, what }: { readonly text: string; readonly what: string }): preact.JSX.Element {
  const [said, setSaid] = useState('Copy');
  const copy = async (): Promise<void> => {
    setSaid((await copyText(text)) ? 'Copied' : 'Not allowed here');
    setTimeout(() => setSaid('Copy'), shownMs);
  };
  return (
    <button type="button" class="btn quiet small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name="copy" />
      <span aria-live="polite">{said}</span>
    </button>
  );
}
