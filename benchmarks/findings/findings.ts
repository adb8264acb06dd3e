// Measures how long the causes of a large trace take to be found. See the README beside this file.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type Budget, budgetTable, grouped, quartiles, table, text } from '../markdown.js';
import type { Bench, Node, Part, Section } from '../part.js';
import { rotated, summary } from '../statistics.js';
import type { FindTimes } from './finder.js';
import { type Shape, shapes } from './traces.js';

const points = 100_000;
const mostMs = 1000;

async function findIn(node: Node, shape: Shape, size: number): Promise<FindTimes> {
  const args = [join(__dirname, 'finder.js'), shape, String(size)];
  const { stdout } = await promisify(execFile)(node.path, args, { env: {} });
  const times = JSON.parse(stdout) as FindTimes;
  if (times.points < size * 0.99 || times.findings === 0) {
    throw new Error(
      `the trace ${shape} had ${times.points} points and ${times.findings} findings; expected ${size} and some`,
    );
  }
  return times;
}

/** How long does it take to find the causes of a large trace? */
export const findings: Part = {
  name: 'findings',
  title: 'Findings',
  async run({ nodes, isQuick, say }: Bench): Promise<Section> {
    const rounds = isQuick ? 1 : 5;
    const size = isQuick ? points / 5 : points;
    const rows: string[][] = [];
    const budgets: Budget[] = [];
    for (const node of nodes) {
      say(`findings: Node ${node.version}`);
      const all = new Map<Shape, FindTimes[]>(shapes.map((shape) => [shape, []]));
      for (let round = 0; round < rounds; round++) {
        for (const shape of rotated(shapes, round)) all.get(shape)!.push(await findIn(node, shape, size));
      }
      for (const [shape, times] of all) {
        const wall = summary(times.map(({ wallMs }) => wallMs));
        const what = `${grouped(size)} points, ${shape}`;
        rows.push([
          node.version,
          what,
          `${text(wall.median, 0)} ${quartiles(wall, 0)}`,
          text(summary(times.map(({ cpuMs }) => cpuMs)).median, 0),
          text(summary(times.map(({ treeMs }) => treeMs)).median, 0),
          String(times[0]!.findings),
        ]);
        budgets.push({
          node: node.version,
          what,
          most: mostMs,
          measured: wall.median,
          unit: 'ms',
          digits: 0,
        });
      }
    }
    const header = ['Node', '', 'ms', 'CPU ms of all threads', 'of the ms, the tree', 'findings'];
    return {
      rounds: `${rounds} rounds`,
      lines: [...table(header, rows), ...budgetTable(budgets)],
      plots: {},
    };
  },
};
