// Tells what it exports by another way, to be compared with what those who load it are given.
// oxlint-disable-next-line import/no-cycle, import/no-self-import -- the module's own view of itself
import * as itself from './exported.mjs';

export class Base {
  name = 'base';
}
export let count = 0;
export const grow = () => ++count;
export default itself;
