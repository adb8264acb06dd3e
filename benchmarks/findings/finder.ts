// The process that looks for the causes in one large trace, as `trace show` does once in its life.
import { findingsOf } from '../../src/report/findings/findings.js';
import { buildTree } from '../../src/report/tree.js';
import { parseEvent } from '../../src/trace/parse.js';
import { type Shape, eventsOf } from './traces.js';

/** The time of one trace, in milliseconds. */
export interface FindTimes {
  /** On the clock, for the tree and the findings. */
  readonly wallMs: number;
  /** The CPU time of all threads, those that collect the garbage included. */
  readonly cpuMs: number;
  /** How much of the time on the clock the tree took. */
  readonly treeMs: number;
  readonly points: number;
  readonly findings: number;
}

const [shape = 'siblings', points = '100000'] = process.argv.slice(2);
// As a store gives them: each out of a line of its own.
const events = eventsOf(shape as Shape, Number(points)).map((event) => parseEvent(JSON.stringify(event))!);

const before = process.cpuUsage();
const started = performance.now();
const tree = buildTree(events);
const built = performance.now();
const { findings } = findingsOf(tree);
const ended = performance.now();
const { user, system } = process.cpuUsage(before);
const times: FindTimes = {
  wallMs: ended - started,
  cpuMs: (user + system) / 1000,
  treeMs: built - started,
  points: tree.points.length,
  findings: findings.length,
};
process.stdout.write(JSON.stringify(times));
