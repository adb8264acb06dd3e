// The parity suite: what an application sees of an API must be the same without the agent, with it off,
// idle, busy with somebody else's trace, and traced.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { projectFolder } from '../scenario.js';

/** How the agent is there while a case runs; the first of them is what the others are compared with. */
export const variants = ['none', 'off', 'idle', 'beside', 'traced'] as const;
export type Variant = (typeof variants)[number];

/** A case that is not compared somewhere, and why. */
export interface Exception {
  /** Left out on the majors of Node that are named; on all without this. */
  readonly nodes?: readonly number[];
  /** Left out in these variants; in all without this. */
  readonly variants?: readonly Variant[];
  readonly because: string;
}

/** One file of cases. */
export interface Api {
  /** The file without its extension: `http-server`. */
  readonly name: string;
  readonly file: string;
  /** What the file is about, for the page. */
  readonly title: string;
  readonly cases: readonly string[];
  readonly ends: readonly string[];
  readonly except: Readonly<Record<string, Exception>>;
  /** Points that the traced run must have made at least once: else nothing was compared. */
  readonly points: readonly string[];
  /** The same of the run while idle, where the cases sign requests themselves. */
  readonly triggered: readonly string[];
}

export const folder = join(projectFolder, 'test/parity');
const own = new Set(['play.cjs', 'describe.cjs', 'nothing.cjs']);

/** All files of cases, by name. */
export function apis(): readonly Api[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cjs') && !own.has(file))
    .toSorted()
    .map((file) => {
      const {
        title,
        cases = {},
        ends = {},
        except = {},
        points,
        triggered = [],
      } = require(join(folder, file)) as {
        title: string;
        cases?: object;
        ends?: object;
        except?: Record<string, Exception>;
        points: readonly string[];
        triggered?: readonly string[];
      };
      const names = { cases: Object.keys(cases), ends: Object.keys(ends) };
      return { name: file.replace(/\.cjs$/, ''), file, title, ...names, except, points, triggered };
    });
}

/** Why a case is not compared in a variant on a major of Node; undefined where it is. */
export function exceptionOf(api: Api, name: string, variant: Variant, node: number): Exception | undefined {
  const exception = api.except[name];
  if (exception === undefined) return undefined;
  const isHere = exception.nodes?.includes(node) ?? true;
  return isHere && (exception.variants?.includes(variant) ?? true) ? exception : undefined;
}
