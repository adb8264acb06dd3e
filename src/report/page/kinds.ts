// The kinds of points as the page shows them: a family, which has a colour, and a tag of a few letters.
import type { Span } from '../analysis/span.js';
import { isWholeTrace } from '../analysis/span.js';
import { textFact } from '../facts.js';
import type { PageKind } from './page-trace.js';

/** All kinds; a point has the index of its own. */
export const kinds = [
  { family: 'in', tag: 'IN' },
  { family: 'fn', tag: 'FN' },
  { family: 'out', tag: 'OUT' },
  { family: 'db', tag: 'SQL' },
  { family: 'cache', tag: 'RDS' },
  { family: 'msg', tag: 'MSG' },
  { family: 'proc', tag: 'CMD' },
  { family: 'proc', tag: 'THR' },
  { family: 'proc', tag: 'PRC' },
  { family: 'out', tag: 'RPC' },
  { family: 'in', tag: 'RPC' },
  { family: 'db', tag: 'DB' },
  { family: 'fn', tag: 'ALL' },
] as const satisfies readonly PageKind[];

type Tag = `${(typeof kinds)[number]['family']} ${(typeof kinds)[number]['tag']}`;

const indexes: ReadonlyMap<string, number> = new Map(
  kinds.map(({ family, tag }, index) => [`${family} ${tag}`, index]),
);

/** The kinds of the points that always are of the same one. */
const byName: Readonly<Partial<Record<string, Tag>>> = {
  wsgi: 'in IN',
  http: 'out OUT',
  https: 'out OUT',
  sql: 'db SQL',
  command: 'proc CMD',
  thread: 'proc THR',
  thread_main: 'proc THR',
  process: 'proc PRC',
};

const byRpc: Readonly<Partial<Record<string, Tag>>> = {
  server: 'in RPC',
  producer: 'msg MSG',
  consumer: 'msg MSG',
};

/** The index of a point's kind. */
export const kindOf = (span: Span): number => indexes.get(tagOf(span))!;

/** The kind of the application's own code. */
export const ownCode: number = indexes.get('fn FN' satisfies Tag)!;

function tagOf(span: Span): Tag {
  const { name, startInfo } = span.point;
  if (isWholeTrace(span)) return 'fn ALL';
  if (name === 'rpc') {
    const kind = textFact(startInfo, 'rpc', 'kind');
    return (Object.hasOwn(byRpc, kind) && byRpc[kind]) || 'out RPC';
  }
  if (name === 'db') {
    const system = textFact(startInfo, 'db', 'system');
    if (/redis|memcache/i.test(system)) return 'cache RDS';
    return /mongo|elastic/i.test(system) ? 'db DB' : 'db SQL';
  }
  return (Object.hasOwn(byName, name) && byName[name]) || 'fn FN';
}
