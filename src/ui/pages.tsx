// The pages of the application, by what the address names.
import { ComparePage } from './compare/compare-page.js';
import { ListPage } from './list/list-page.js';
import { SentPage } from './send/sent-page.js';
import type { Source } from './source.js';
import { TracePage } from './trace/trace-page.js';

/** The page of an address. */
export interface Page {
  /** Whether it is the page of this address; the first that says so is shown. */
  matches(address: URLSearchParams, source: Source): boolean;
  readonly component: (props: { readonly source: Source }) => preact.JSX.Element;
}

/** All pages. */
export const pages: readonly Page[] = [
  {
    matches: (address, source) => source.isComparison || (source.isServed && address.has('compare')),
    component: ComparePage,
  },
  { matches: (address, source) => !source.isServed || address.has('trace'), component: TracePage },
  { matches: (address) => address.has('sent'), component: SentPage },
  { matches: () => true, component: ListPage },
];
