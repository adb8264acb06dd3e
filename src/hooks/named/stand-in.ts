// The stand-in for a named function: a Proxy, so that both have the same properties at any time.
import { tracing } from '../../trace/trace.js';
import type { Callback } from '../calls/call.js';

/** A function in whose place another stands. */
export interface Called {
  readonly original: Callback;
  wrapper: Callback;
  /** Makes its calls points. */
  call: ((original: Callback, self: unknown, args: ArrayLike<unknown>) => unknown) | undefined;
  /** Who looks at what it gives. */
  readonly looks: readonly unknown[];
  look(result: unknown): void;
}

/** Makes the function that stands in another's place. */
export const standInOf = (its: Called, isClass: boolean): Callback =>
  new Proxy(its.original, (isClass ? new ClassTraps(its) : new Traps(its)) as ProxyHandler<Callback>);

/** The marks that shimmer puts on a wrapper; OpenTelemetry's instrumentations take a wrapper with these off. */
export const marks: ReadonlySet<PropertyKey> = new Set(['__original', '__unwrap', '__wrapped']);

/**
 * A function and its wrapper have the same properties, at any time: a module uses the one and its importers the other.
 * Only a Proxy has that.
 */
class Traps {
  readonly its: Called;

  constructor(its: Called) {
    this.its = its;
  }

  /** While there is nothing to do for a call, there is no trap. A trap gets a list of the arguments, which is made for it. */
  get apply(): Traps['run'] | undefined {
    return tracing.live === 0 && this.its.looks.length === 0 ? undefined : this.run;
  }

  run(original: Callback, self: unknown, args: unknown[]): unknown {
    const { call, looks } = this.its;
    // A look at what a recorded call gives is part of the recognisers of its end.
    if (call !== undefined && tracing.live > 0) return call(original, self, args);
    const result: unknown = Reflect.apply(original, self, args);
    if (looks.length > 0) this.its.look(result);
    return result;
  }

  construct(original: Callback, args: unknown[], target: Callback): object {
    return Reflect.construct(original, args, target === this.its.wrapper ? original : target) as object;
  }

  defineProperty(original: Callback, name: PropertyKey, property: PropertyDescriptor): boolean {
    return marks.has(name) || Reflect.defineProperty(original, name, property);
  }
}

/** A class is itself for its static members, also for private ones that a compiler has made of something else. */
class ClassTraps extends Traps {
  readonly #methods = new WeakMap<Callback, Callback>();

  override get apply(): undefined {
    return undefined;
  }

  override construct(original: Callback, args: unknown[], target: Callback): object {
    const { call } = this.its;
    const make = (): object => super.construct(original, args, target);
    return (call === undefined || tracing.live === 0 ? make() : call(make, undefined, args)) as object;
  }

  get(original: Callback, name: PropertyKey, receiver: unknown): unknown {
    const { wrapper } = this.its;
    const value: unknown = Reflect.get(original, name, receiver === wrapper ? original : receiver);
    // A method cannot be constructed. What can be, is no method, and is compared.
    if (typeof value !== 'function' || (value !== original && Object.hasOwn(value, 'prototype')))
      return value;
    if (isFixed(original, name) || !isStatic(original, name)) return value;
    return value === original ? wrapper : this.#methodOf(value as Callback);
  }

  set(original: Callback, name: PropertyKey, value: unknown, receiver: unknown): boolean {
    return Reflect.set(original, name, value, receiver === this.its.wrapper ? original : receiver);
  }

  #methodOf(method: Callback): Callback {
    let its = this.#methods.get(method);
    if (its === undefined) {
      const { original, wrapper } = this.its;
      const apply = (_method: Callback, self: unknown, args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(method, self === wrapper ? original : self, args);
        return result === original ? wrapper : result;
      };
      its = new Proxy(method, { apply });
      this.#methods.set(method, its);
    }
    return its;
  }
}

/** A Proxy may show nothing else in the place of such a property. */
function isFixed(owner: object, name: PropertyKey): boolean {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  return own !== undefined && own.configurable !== true && own.writable !== true;
}

/** Whether a class, or one that it extends, has a static member: what all functions have is no such. */
function isStatic(owner: object, name: PropertyKey): boolean {
  for (let each = owner; typeof each === 'function'; each = Object.getPrototypeOf(each) as object) {
    if (each === Function.prototype) return false;
    if (Object.hasOwn(each, name)) return true;
  }
  return false;
}
