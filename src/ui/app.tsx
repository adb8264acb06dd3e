// The application: the page that the address names.
import { address } from './address.js';
import { pages } from './pages.js';
import type { Source } from './source.js';

/** Shows the page of the address. */
export function App({ source }: { readonly source: Source }): preact.JSX.Element {
  const page = pages.find(({ matches }) => matches(address.value, source));
  if (page === undefined) return <p class="message">There is nothing at this address.</p>;
  const Shown = page.component;
  return <Shown source={source} />;
}
