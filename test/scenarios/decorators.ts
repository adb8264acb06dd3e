// What both kinds of decorators can stand at; compiled by TypeScript as standard ones, and by the test as those of
// `experimentalDecorators`.
import { profiler } from '../../src/index.js';

// What `reflect-metadata` gives to frameworks, so far as it matters here: Nest keeps a route at its function.
const kept = new Map<unknown, unknown>();
Object.assign(Reflect, {
  defineMetadata: (_key: unknown, value: unknown, target: object) => void kept.set(target, value),
  getOwnMetadata: (_key: unknown, target: object) => kept.get(target),
  getOwnMetadataKeys: (target: object) => (kept.has(target) ? ['route'] : []),
});

@profiler.tracedClass('service', { hideResult: false })
class Service {
  greet(name: string): string {
    return `hello ${name}`;
  }
}
Object.assign(Service.prototype.greet, { own: 'property' });
kept.set(Service.prototype.greet, '/greet');

@profiler.tracedClass('outer')
class Other {
  #size = 1;

  @profiler.traced('task')
  work(times: number): number {
    return times * this.#size * 2;
  }

  @profiler.traced('task', { hideResult: false })
  static async make(): Promise<string> {
    await Promise.resolve();
    return this.name;
  }

  @profiler.traced('get')
  get size(): number {
    return this.#size;
  }

  @profiler.traced('set')
  set width(value: number) {
    this.#size = value;
  }

  @profiler.traced('get')
  static get count(): number {
    return 3;
  }
}

async function main(): Promise<void> {
  const other = new Other();
  const twice = profiler.tracedClass('again')(Service);
  const { greet } = twice.prototype as { greet: { own?: string } };
  const seen = [new Service().greet('you'), other.work(2), other.size, await Other.make(), Other.count];
  other.width = 7;
  console.log(JSON.stringify([...seen, other.size, greet.own, kept.get(greet), Other.prototype.work.name]));
}

void main();
