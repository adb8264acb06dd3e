// Turns functions, methods and classes into points: as decorators of both kinds, and as plain functions.
import type { Info } from './event.js';
import { keepMetadata } from './metadata.js';
import { type Description, publishedProfiler } from './profiler.js';
import { shown, text } from './shown.js';

/** The options of a traced function, in OSProfiler's terms. */
export interface TracedOptions {
  /** More for the point's info, beside the function. */
  readonly info?: Info;
  /** Leaves the arguments out. Default false. */
  readonly hideArgs?: boolean;
  /** Leaves the result out. Default true. */
  readonly hideResult?: boolean;
}

export interface TracedClassOptions extends TracedOptions {
  /** Includes the methods whose names begin with `_`. Default false. */
  readonly tracePrivate?: boolean;
}

/** A function as decorators and callers pass it. */
type AnyFunction<This, Args extends readonly unknown[], Result> = (this: This, ...args: Args) => Result;
type AnyClass = abstract new (...args: never[]) => object;

/** A standard decorator, one of `experimentalDecorators`, and a plain function, by what it is called with. */
interface Traced {
  /** A function; a standard method, getter or setter, static ones too. */
  <This, Args extends unknown[], Result>(
    fn: AnyFunction<This, Args, Result>,
    context?:
      | ClassMethodDecoratorContext<This>
      | ClassGetterDecoratorContext<This>
      | ClassSetterDecoratorContext<This>,
  ): AnyFunction<This, Args, Result>;
  /** A standard `accessor`. */
  <This, Value>(
    accessors: ClassAccessorDecoratorTarget<This, Value>,
    context: ClassAccessorDecoratorContext<This, Value>,
  ): ClassAccessorDecoratorResult<This, Value>;
  /** A standard field that holds a function. */
  <This, Args extends unknown[], Result>(
    nothing: undefined,
    context: ClassFieldDecoratorContext<This, (...args: Args) => Result>,
  ): (this: This, initial: (...args: Args) => Result) => (...args: Args) => Result;
  /** A method or an accessor under `experimentalDecorators`, static ones too. */
  <Value>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Value>,
  ): TypedPropertyDescriptor<Value>;
}

export function traced(name: string, options: TracedOptions = {}): Traced {
  const decorator = (value: unknown, second?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (typeof second === 'string' || typeof second === 'symbol') {
      return descriptor && ofDescriptor(name, options, descriptor, String(second));
    }
    const { kind, name: member } = (second ?? {}) as Partial<ClassMemberDecoratorContext>;
    const called = member === undefined ? undefined : String(member);
    if (typeof value === 'function') {
      const accessing = { getter: 'get ', setter: 'set ' }[kind as string] ?? '';
      // A class can't be called: its decorator is `tracedClass`.
      return (kind as string) === 'class'
        ? undefined
        : wrap(name, options, value as Callable, accessing + (called ?? (value.name || 'anonymous')));
    }
    if (kind === 'accessor') return ofDescriptor(name, options, value as PropertyDescriptor, called!);
    return kind === 'field'
      ? (initial: unknown) =>
          typeof initial === 'function' ? wrap(name, options, initial as Callable, called!) : initial
      : undefined;
  };
  return decorator as Traced;
}

export function tracedClass(name: string, options: TracedClassOptions = {}) {
  return <Class extends AnyClass>(target: Class, _context?: ClassDecoratorContext): Class => {
    const prototype = target.prototype as object;
    for (const [method, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const isPrivate = method.startsWith('_') && options.tracePrivate !== true;
      if (method === 'constructor' || isPrivate || typeof property.value !== 'function') continue;
      const value = wrap(name, options, property.value as Callable, `${target.name}.${method}`);
      Object.defineProperty(prototype, method, { ...property, value });
    }
    return target;
  };
}

type Callable = AnyFunction<unknown, unknown[], unknown>;

/** Turns the functions of a property into points: its value, or its getter and setter. */
function ofDescriptor(
  name: string,
  options: TracedOptions,
  descriptor: PropertyDescriptor,
  member: string,
): PropertyDescriptor {
  const { value, get, set } = descriptor as { value?: unknown; get?: Callable; set?: Callable };
  return {
    ...descriptor,
    ...(typeof value === 'function' && { value: wrap(name, options, value as Callable, member) }),
    ...(get && { get: wrap(name, options, get, `get ${member}`) }),
    ...(set && { set: wrap(name, options, set, `set ${member}`) }),
  };
}

function wrap(name: string, options: TracedOptions, fn: Callable, functionName: string): Callable {
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    const agent = publishedProfiler();
    if (agent === undefined) return Reflect.apply(fn, this, args);
    return agent.call(name, describe(functionName, args, options), () => Reflect.apply(fn, this, args));
  };
  keepProperties(fn, wrapper);
  return wrapper;
}

/**
 * Copies to a wrapper what decorators and frameworks have put on the function: its name and length, properties, and
 * the metadata of `reflect-metadata`, where Nest keeps the routes of a controller's methods.
 */
function keepProperties(fn: Callable, wrapper: Callable): void {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(fn))) {
    if (!own.has(name)) Reflect.defineProperty(wrapper, name, property);
  }
  for (const name of Object.getOwnPropertySymbols(fn)) {
    Reflect.defineProperty(wrapper, name, Object.getOwnPropertyDescriptor(fn, name)!);
  }
  keepMetadata(fn, wrapper);
}

/** The properties that each function has of its own. */
const own: ReadonlySet<string> = new Set(['prototype', 'arguments', 'caller']);

function describe(name: string, args: readonly unknown[], options: TracedOptions): Description {
  return {
    start: () => ({
      ...options.info,
      // `kwargs` is what OSProfiler's readers look for; JavaScript has none.
      function: { name, ...(options.hideArgs !== true && { args: text(args.map(shown)), kwargs: '{}' }) },
    }),
    stop: (result) =>
      options.hideResult === false ? { function: { result: text(shown(result)) } } : undefined,
  };
}
