// A module that does nothing: the first line shows that it ran, and which agents were there before it.
import { firstLine } from './first-line.cjs';

console.log(firstLine());
