// The buttons at the end of each page's top bar: how it looks, and its keys.
import { Icon } from './icon.js';
import { openHelp } from './keys.js';
import { changeTheme } from './theme.js';

export function BarButtons(): preact.JSX.Element {
  return (
    <>
      <button
        type="button"
        class="btn quiet"
        aria-label="Light or dark"
        title="Light or dark (t)"
        onClick={changeTheme}
      >
        <Icon name="theme" />
      </button>
      <button type="button" class="btn quiet" aria-label="Keys" title="Keys (?)" onClick={openHelp}>
        <b aria-hidden="true">?</b>
      </button>
    </>
  );
}
