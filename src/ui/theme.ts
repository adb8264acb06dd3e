// Light or dark: as the system has it, until somebody chooses.
import { effect, signal } from '@preact/signals';
import { address } from './address.js';

type Theme = 'light' | 'dark';

const stored = 'ostrace-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

const isTheme = (name: unknown): name is Theme => name === 'light' || name === 'dark';

/** Browsers may refuse to store anything for a file. */
function chosen(): Theme | undefined {
  try {
    const name = localStorage.getItem(stored);
    return isTheme(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

const ofSystem = (): Theme => (system.matches ? 'dark' : 'light');
const named = address.peek().get('theme');

/** How the page looks now. */
export const theme = signal<Theme>(isTheme(named) ? named : (chosen() ?? ofSystem()));

system.addEventListener('change', () => {
  if (chosen() === undefined) theme.value = ofSystem();
});

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

/** Changes to the other theme, and remembers it. */
export function changeTheme(): void {
  theme.value = theme.peek() === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(stored, theme.peek());
  } catch {
    // It holds until the page is left.
  }
}
