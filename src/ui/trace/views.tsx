// The views of a trace, in the order of their tabs. A view is added by a line here.
import { Flame } from '../flame/flame.js';
import { Services } from '../services/services.js';
import { Table } from '../table/table.js';
import type { View } from './view.js';
import { Waterfall } from './waterfall.js';

/** A way to look at a trace. */
export interface TraceView {
  /** As the address has it. */
  readonly name: string;
  readonly label: string;
  /** The key that shows it. */
  readonly key: string;
  readonly component: (props: { readonly view: View }) => preact.JSX.Element;
}

export const traceViews: readonly TraceView[] = [
  { name: 'waterfall', label: 'Waterfall', key: 'w', component: Waterfall },
  { name: 'flame', label: 'Flame', key: 'f', component: Flame },
  { name: 'table', label: 'Table', key: 'd', component: Table },
  { name: 'services', label: 'Services', key: 'g', component: Services },
];
