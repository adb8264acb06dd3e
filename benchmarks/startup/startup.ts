import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { type Summary, rotated, summary } from '../statistics.js';
import type { Variant } from '../variants.js';

/** What is started, and how a preload is given to it. */
export const scripts = [
  { file: 'empty.cjs', flag: '--require', what: 'empty script, `--require`' },
  { file: 'empty.mjs', flag: '--import', what: 'empty module, `--import`' },
  { file: 'listening.cjs', flag: '--require', what: 'http and pg, CommonJS, `--require`' },
  { file: 'listening.mjs', flag: '--import', what: 'http and pg, ES module, `--import`' },
] as const;
type Script = (typeof scripts)[number];

export interface StartupResult {
  readonly variant: Variant;
  readonly script: Script;
  readonly ms: Summary;
  /** The difference to none in the same round. */
  readonly addedMs: Summary;
}

export interface Rounds {
  readonly own: number;
  /** The peers take many times as long, and so do their differences: fewer rounds show them. */
  readonly peers: number;
}

const warmUps = 1;
const limitMs = 20_000;

/**
 * Measures all variants in turns, so that what else the machine does falls on all of them alike.
 *
 * @param folder where the scripts are
 */
export async function measureStartup(
  node: string,
  folder: string,
  variants: readonly Variant[],
  rounds: Rounds,
): Promise<readonly StartupResult[]> {
  const results: StartupResult[] = [];
  for (const script of scripts) {
    const times = new Map(variants.map((variant) => [variant, [] as number[]]));
    for (let round = -warmUps; round < rounds.own; round++) {
      const taking = variants.filter(({ isPeer }) => isPeer !== true || round < rounds.peers);
      for (const variant of rotated(taking, round + warmUps)) {
        const ms = await timeToFirstLine(node, join(folder, script.file), script.flag, variant);
        if (round >= 0) times.get(variant)!.push(ms);
      }
    }
    const none = times.get(variants[0]!)!;
    for (const [variant, ms] of times) {
      results.push({
        variant,
        script,
        ms: summary(ms),
        addedMs: summary(ms.map((value, round) => value - none[round]!)),
      });
    }
  }
  return results;
}

/** From the call that starts the process until its first line is here; that line says who is in it. */
function timeToFirstLine(node: string, file: string, flag: string, variant: Variant): Promise<number> {
  const { name, preload, cwd, env, expects } = variant;
  const args = preload === undefined ? [file] : [flag, preload, file];
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(node, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], timeout: limitMs });
    let output = '';
    let ms = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (ms > 0 || !output.includes('\n')) return;
      ms = performance.now() - started;
      // Its end is not part of the question, and must not overlap with the next start.
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const line = output.split('\n')[0] ?? '';
      if (ms > 0 && isAsExpected(line, expects)) resolve(ms);
      else reject(new Error(`${name}: ${file} ended with ${code} and said "${line}"`));
    });
  });
}

function isAsExpected(line: string, expects: Variant['expects']): boolean {
  const present = JSON.parse(line) as Record<string, boolean>;
  return Object.entries(expects).every(([agent, isThere]) => present[agent] === isThere);
}
