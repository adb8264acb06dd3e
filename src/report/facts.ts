// Reads what events say of a point. Anybody may have stored an event, so a fact may be of any type.
import type { Info } from '../trace/event.js';
import type { Fact, FactGroup } from '../trace/vocabulary.js';

/** A fact as it was stored; undefined if the event does not say it. */
export function fact<Group extends FactGroup>(
  info: Info | undefined,
  group: Group,
  name: Fact<Group>,
): unknown {
  const facts = info?.[group];
  // No fact has the name of something that every object or list inherits. Asking whether the object has the fact
  // itself would take most of the time of a large trace's findings.
  return typeof facts === 'object' && facts !== null ? (facts as Info)[name] : undefined;
}

/** A fact that is a text or a number, as text; '' for everything else. */
export function textFact<Group extends FactGroup>(
  info: Info | undefined,
  group: Group,
  name: Fact<Group>,
): string {
  const value = fact(info, group, name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A fact that is a finite number; undefined for everything else. */
export function numberFact<Group extends FactGroup>(
  info: Info | undefined,
  group: Group,
  name: Fact<Group>,
): number | undefined {
  const value = fact(info, group, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
