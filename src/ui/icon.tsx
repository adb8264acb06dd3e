// Small drawings for buttons; each stands beside a word or in a button with a name.

const paths = {
  logo: 'M1 3h9M4 8h9M7 13h5',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  open: 'M6 3.5L10.5 8 6 12.5',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14',
  path: 'M1.5 12.5h4l5-9h4',
  theme:
    'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  cross: 'M4 4l8 8M12 4l-8 8',
} as const;

export function Icon({ name }: { readonly name: keyof typeof paths }): preact.JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
