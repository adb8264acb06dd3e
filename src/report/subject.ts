// Names what a point did, for figures about many points: its kind, its service, and a text that equal points share.
import { isWork, labelOf } from './about.js';
import type { TreePoint } from './tree.js';
import { whatOf } from './what.js';

/** What points have in common that did the same. The texts are as they were stored, but of a bounded length. */
export interface Subject {
  /** The point's name: `db`. */
  readonly kind: string;
  readonly service: string | null;
  /** `GET stock:4000/items/{id}`, a statement without its values; '' if there is nothing but the kind. */
  readonly what: string;
}

// A route may be of any length. A statement is not longer where it has lost its values.
const maxLength = 4000;

/** What a point did. The call of a database is named by its statement, if it ran one and that was recorded. */
export function subjectOf(point: TreePoint): Subject {
  const statement = statementOf(point);
  const what = (statement === undefined ? '' : whatOf(statement)) || whatOf(point);
  const service = point.service?.slice(0, maxLength) ?? null;
  return { kind: point.name, service, what: what.slice(0, maxLength) };
}

/**
 * The point that stands for a call and for the only statement that it ran: two points that are one piece of work.
 *
 * @param parent the point above, if there is one
 */
export function isStatementOf(point: TreePoint, parent: TreePoint | undefined): boolean {
  return parent !== undefined && statementOf(parent) === point;
}

// Notes may stand beside a statement, but not so many; nobody's trace takes long for it.
const mostChildren = 20;

function statementOf({ name, children }: TreePoint): TreePoint | undefined {
  if (name !== 'db' || children.length > mostChildren) return undefined;
  const [only, ...others] = children.filter(isWork);
  return only?.name === 'sql' && others.length === 0 ? only : undefined;
}

/** What people call it: `GET /orders/{id}`, `thread resize.js`. A request and a statement speak for themselves. */
export function subjectText({ kind, what }: Pick<Subject, 'kind' | 'what'>): string {
  const speaks = kind === 'wsgi' || kind === 'http' || kind === 'https' || kind === 'db' || kind === 'sql';
  return speaks && what !== '' ? what : `${labelOf(kind)} ${what}`.trim();
}
