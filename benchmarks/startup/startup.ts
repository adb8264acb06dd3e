// Measures how much later an application starts under each of the agents.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { type Budget, budgetTable, grouped, plot, quartiles, signed, table, text } from '../markdown.js';
import type { Bench, Node, Part, Section } from '../part.js';
import { bars } from '../plot.js';
import { type Summary, median, rotated, summary } from '../statistics.js';
import { copyOfScripts } from '../scripts.js';
import { type Variant, startupVariants } from '../variants.js';

/** A program to start, and the way in which it gets a preload. */
const scripts = [
  { file: 'empty.cjs', flag: 'require', what: 'empty script, `--require`' },
  { file: 'empty.mjs', flag: 'import', what: 'empty module, `--import`' },
  { file: 'listening.cjs', flag: 'require', what: 'http and pg, CommonJS, `--require`' },
  { file: 'listening.mjs', flag: 'import', what: 'http and pg, ES module, `--import`' },
] as const;
type Script = (typeof scripts)[number];

/** The report of a process at its first line. */
interface Facts {
  readonly scripts: number;
  readonly bytes: number;
  readonly rss: number;
}

interface Result {
  readonly variant: Variant;
  readonly script: Script;
  readonly ms: Summary;
  /** The difference to none in the same round. */
  readonly addedMs: Summary;
  /** The difference to the empty preload in the same round. */
  readonly afterEmptyMs: Summary;
  readonly facts: Facts;
}

interface Rounds {
  readonly own: number;
  /** The peers take many times as long, and their differences are as large, so fewer rounds show them. */
  readonly peers: number;
  /** The number of processes that report what they have loaded. Their time does not count. */
  readonly facts: number;
}

const warmUps = 1;
const limitMs = 20_000;
const disabledMs = 2;
const idleMs = 12;
const mebibyte = 2 ** 20;
const memory = { 'ostrace idle': 2, 'ostrace traced': 25 } as const;

/** The benchmark of start-up. */
export const startup: Part = {
  name: 'startup',
  title: 'Start-up',
  async run(bench: Bench): Promise<Section> {
    const rounds = bench.isQuick ? { own: 2, peers: 1, facts: 1 } : { own: 15, peers: 3, facts: 2 };
    const folder = copyOfScripts(bench, 'startup');
    const results = new Map<Node, readonly Result[]>();
    for (const node of bench.nodes) {
      bench.say(`Node ${node.version}: start-up`);
      results.set(node, await measure(node, folder, startupVariants(bench.places), rounds));
    }
    return {
      rounds: `${rounds.own} rounds, of the peers ${rounds.peers}`,
      lines: [
        ...plot('startup.svg', 'start-up of a small service, by agent and version of Node'),
        ...budgetTable([...results].flatMap(([node, all]) => budgets(node, all))),
        ...[...results].flatMap(([node, all]) => tables(node, all)),
      ],
      plots: { 'startup.svg': picture(results) },
    };
  },
};

/** Measures all variants in turns, so that other work of the machine affects all of them alike. */
async function measure(
  node: Node,
  folder: string,
  variants: readonly Variant[],
  rounds: Rounds,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const script of scripts) {
    const times = new Map(variants.map((variant) => [variant, [] as number[]]));
    for (let round = -warmUps; round < rounds.own; round++) {
      const taking = variants.filter(({ isPeer }) => isPeer !== true || round < rounds.peers);
      for (const variant of rotated(taking, round + warmUps)) {
        const { ms } = await firstLine(node, folder, script, variant, false);
        if (round >= 0) times.get(variant)!.push(ms);
      }
    }
    const none = times.get(variants[0]!)!;
    const empty = times.get(variants.find(({ name }) => name === 'empty preload')!)!;
    for (const [variant, ms] of times) {
      results.push({
        variant,
        script,
        ms: summary(ms),
        addedMs: summary(ms.map((value, round) => value - none[round]!)),
        afterEmptyMs: summary(ms.map((value, round) => value - empty[round]!)),
        facts: await factsOf(node, folder, script, variant, rounds.facts),
      });
    }
  }
  return results;
}

async function factsOf(
  node: Node,
  folder: string,
  script: Script,
  variant: Variant,
  times: number,
): Promise<Facts> {
  const all: Facts[] = [];
  for (let i = 0; i < times; i++) all.push((await firstLine(node, folder, script, variant, true)).said);
  const of = (fact: keyof Facts): number => median(all.map((facts) => facts[fact]));
  return { scripts: of('scripts'), bytes: of('bytes'), rss: of('rss') };
}

type Said = Facts & Readonly<Record<string, unknown>>;

/**
 * The time from the call that starts the process until its first line arrives. That line says who is in the
 * process.
 */
function firstLine(
  node: Node,
  folder: string,
  { file, flag }: Script,
  { name, preload, cwd, env, expects }: Variant,
  withFacts: boolean,
): Promise<{ ms: number; said: Said }> {
  const args = [...(preload === undefined ? [] : [`--${flag}`, preload[flag]]), join(folder, file)];
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(node.path, args, {
      cwd,
      env: { ...env, ...(withFacts && { BENCH_FACTS: '1' }) },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: limitMs,
    });
    let output = '';
    let ms = 0;
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      if (ms > 0 || !output.includes('\n')) return;
      ms = performance.now() - started;
      // The end of the process is not measured, and must not overlap with the next start.
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const line = output.split('\n')[0] ?? '';
      const said = (line.startsWith('{') ? JSON.parse(line) : {}) as Said;
      const isAsExpected = Object.entries(expects).every(([agent, isThere]) => said[agent] === isThere);
      if (ms > 0 && isAsExpected) resolve({ ms, said });
      else reject(new Error(`${name}: ${file} ended with ${code} and said "${line}"`));
    });
  });
}

function budgets({ version }: Node, results: readonly Result[]): Budget[] {
  const of = (name: string): readonly Result[] => results.filter(({ variant }) => variant.name === name);
  const noneRss = (script: Script): number =>
    of('none').find((result) => result.script === script)!.facts.rss;
  return [
    ...of('ostrace disabled').map(({ script, afterEmptyMs }) => ({
      node: version,
      what: `disabled, beyond an empty preload: ${script.what}`,
      most: disabledMs,
      measured: afterEmptyMs.median,
      unit: 'ms',
    })),
    ...of('ostrace idle').map(({ script, addedMs }) => ({
      node: version,
      what: `idle: ${script.what}`,
      most: idleMs,
      measured: addedMs.median,
      unit: 'ms',
    })),
    ...Object.entries(memory).flatMap(([name, most]) =>
      of(name)
        .filter(({ script }) => script.file === 'listening.cjs')
        .map(({ script, facts }) => ({
          node: version,
          what: `${name.replace('ostrace ', '')}, resident memory: ${script.what}`,
          most,
          measured: (facts.rss - noneRss(script)) / mebibyte,
          unit: 'MiB',
        })),
    ),
  ];
}

function tables({ version }: Node, results: readonly Result[]): string[] {
  const names = [...new Set(results.map(({ variant }) => variant.name))];
  const of = (name: string, script: Script): Result =>
    results.find((each) => each.variant.name === name && each.script === script)!;
  const times = names.map((name) => [
    name,
    ...scripts.map((script) => {
      const { ms, addedMs } = of(name, script);
      return name === 'none' ? text(ms.median, 0) : `${signed(addedMs.median, 1)} ${quartiles(addedMs, 0)}`;
    }),
  ]);
  const facts = names.map((name) => [
    name,
    ...(['empty.cjs', 'listening.cjs', 'listening.mjs'] as const).flatMap((file) => {
      const own = of(
        name,
        scripts.find((script) => script.file === file)!,
      ).facts;
      return [grouped(own.scripts), grouped(own.bytes / 1000), text(own.rss / mebibyte, 1)];
    }),
  ]);
  const header = ['empty.cjs', 'listening.cjs', 'listening.mjs'].flatMap((file) => [
    `${file}: scripts`,
    'kB',
    'MiB resident',
  ]);
  return [
    `### Node ${version}: ms until the first line; of none, and what the others add`,
    '',
    ...table(['', ...scripts.map(({ what }) => what)], times),
    `### Node ${version}: what is loaded by then`,
    '',
    ...table(['', ...header], facts),
  ];
}

function picture(results: ReadonlyMap<Node, readonly Result[]>): string {
  const variants = [...results.values()][0]!.map(({ variant }) => variant.name);
  const names = [...new Set(variants)].filter((name) => !name.startsWith('none'));
  return bars({
    title: 'Start-up of a small CommonJS service (http, pg): what an agent adds',
    unit: 'ms',
    series: [...results.keys()].map(({ version }) => `Node ${version}`),
    groups: names.map((name) => ({
      label: name,
      values: [...results.values()].map(
        (all) =>
          all.find(({ variant, script }) => variant.name === name && script.file === 'listening.cjs')!.addedMs
            .median,
      ),
    })),
  });
}
