// As a TypeScript application sees the package: packed, installed, and checked with the strictest settings.
// needs: packages
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { install, pack } from './packed-agent.js';
import { projectFolder } from './scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-types-'));

/** All of the public API, by its types. */
const consumer = `
import { type Info, type Position, type TracedClassOptions, type TracedOptions, profiler } from 'ostrace';
import type * as everything from 'ostrace';
import { type Target, defineTarget } from 'ostrace/instrumentation';

class Client {
  readonly host = 'a';
  query(text: string, done: (error: unknown, result: readonly string[]) => void): void {
    done(null, [text]);
  }
}
const target: Target = defineTarget({
  package: 'client',
  versions: [['1.0.0', '2.0.0']],
  load: ({ database, lastCallback, promiseOf }) =>
    database({
      library: 'client',
      system: 'client',
      files: [
        {
          file: 'client/lib/client',
          endpoint: ({ host }: Client) => ({ host }),
          methods: {
            query: {
              sql: ([text]: [string]) => ({ text }),
              rows: (rows: readonly string[]) => rows.length,
              ends: [lastCallback, promiseOf('Promise')],
            },
          },
        },
      ],
    }),
});
defineTarget({
  package: 'client',
  load: ({ database }) =>
    // @ts-expect-error -- how a call ends is not said
    database({ library: 'a', system: 'a', files: [{ file: 'a/b', methods: { close: { operation: 'close' } } }] }),
});
defineTarget({
  package: 'client',
  // @ts-expect-error -- a misspelt property
  load: ({ database }) => database({ library: 'a', system: 'a', files: [{ file: 'a/b', endpoints: () => ({}) }] }),
});
if (target.package !== 'client') throw new Error('another target');

const info: Info = { basket: 3, nested: { list: [1, 'two', null] } };
const options: TracedOptions = { info, hideArgs: true, hideResult: false };
const classOptions: TracedClassOptions = { ...options, tracePrivate: true };

@profiler.tracedClass('service', classOptions)
class Service {
  #size = 2;

  @profiler.traced('task', options)
  double(times: number): number {
    return times * 2;
  }

  @profiler.traced('task')
  async later<T>(value: T, ...rest: readonly string[]): Promise<T> {
    await null;
    return rest.length > 0 ? value : this.later(value, 'again');
  }

  @profiler.traced('task')
  static make(this: typeof Service, size?: number): Service {
    const made = new this();
    made.size = size ?? 1;
    return made;
  }

  @profiler.traced('get')
  get size(): number {
    return this.#size;
  }
  // The other kind of decorators stands at the first of the two alone.
  set size(value: number) {
    this.#size = value;
  }
}

async function main(): Promise<void> {
  const id = '0f4c5d1e-7a4e-4bb1-8f0e-0d6f3a3a2b11';
  profiler.init('key');
  profiler.init('key', { base_id: id });
  profiler.init('key', { base_id: id, parent_id: id });
  const position: Position | undefined = profiler.get();
  const ids: string[] = position === undefined ? [] : [position.base_id, position.parent_id, position.id];
  profiler.start('by-hand');
  profiler.stop();
  profiler.start('by-hand', info);
  profiler.stop(info);
  const text: string = profiler.trace('work', () => 'text');
  const count: number = await profiler.trace('work', info, async () => 7);
  const join = profiler.traced('rpc')((a: string, b: number): string => a + b);
  const joined: string = join('n', 1);
  const Traced: typeof Service = profiler.tracedClass('again')(Service);
  const headers: Record<string, string> = profiler.traceHeaders();
  const handled: number = profiler.continue(headers, () => 7) + (await profiler.continue(new Map(), async () => 0));
  profiler.clean();

  // @ts-expect-error -- a name is a text
  profiler.start(7);
  profiler.stop();
  // @ts-expect-error -- the function keeps its parameters
  join('n', 'm');
  // @ts-expect-error -- and its result
  const wrong: number = profiler.trace('work', () => 'text');
  // @ts-expect-error -- a decorated method keeps its parameters
  new Service().double('two');
  // @ts-expect-error -- and its result
  const length: string = new Service().size;
  // @ts-expect-error -- no such option
  profiler.traced('rpc', { hideArguments: true });
  // @ts-expect-error -- the API has no other name
  type Other = everything.Agent;

  console.log(JSON.stringify([new Traced().double(2), Service.make(5).size, await Service.make().later('x'), length, text, handled && count, joined, wrong, ids, Object.keys(headers)]));
}

void main();
`;

/** What one of the two kinds of decorators alone can stand at. */
const only = {
  standard: `
class Fields {
  @profiler.traced('field') double = (value: number): number => value * 2;
  @profiler.traced('field') static half = async (value: number) => value / 2;
  @profiler.traced('accessor') accessor level = 1;
  // @ts-expect-error -- only a function can be called
  @profiler.traced('field') count = 1;
  // @ts-expect-error -- the decorator of a class is tracedClass
  static Inner = @profiler.traced('class') class {};
}
new Fields();
`,
  legacy: `
import 'reflect-metadata';
class Dependency {}
const kept: (target: object, key: string, descriptor: PropertyDescriptor) => void = (_target, _key, { value }) =>
  Reflect.defineMetadata('route', '/x', value);
@profiler.tracedClass('controller')
class Controller {
  constructor(readonly dependency: Dependency) {}
  @profiler.traced('above') @kept above(): void {}
  @kept @profiler.traced('below') below(): void {}
  // @ts-expect-error -- a property has no descriptor that could be changed
  @profiler.traced('field') count = 1;
}
const routes = [Controller.prototype.above, Controller.prototype.below].map((fn) => Reflect.getMetadata('route', fn));
const [dependency] = Reflect.getMetadata('design:paramtypes', Controller) as unknown[];
if (routes.join() !== '/x,/x' || dependency !== Dependency) throw new Error('what a framework keeps is gone');
`,
};

const kinds = { 'a CommonJS': 'commonjs', 'an ES module': 'module' } as const;
// The declarations of Node and of this package are checked too.
const compilerOptions = {
  target: 'es2022',
  module: 'node16',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ['node'],
  outDir: 'out',
};

before(() => {
  const { devDependencies } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<'typescript' | '@types/node', string>>;
  };
  const tools = (['typescript', '@types/node'] as const).map((name) => `${name}@${devDependencies[name]}`);
  install(folder, pack(folder), ...tools, 'reflect-metadata@0.2.2');
});

after(() => rmSync(folder, { recursive: true, force: true }));

const applications = Object.entries(kinds).flatMap(([what, type]) => [
  [what, type, 'standard', compilerOptions] as const,
  [
    what,
    type,
    'legacy',
    { ...compilerOptions, experimentalDecorators: true, emitDecoratorMetadata: true },
  ] as const,
]);

for (const [what, type, decorators, settings] of applications) {
  test(`${what} application in TypeScript with ${decorators} decorators compiles against the whole API, and runs`, () => {
    const app = join(folder, `${type}-${decorators}`);
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), JSON.stringify({ type }));
    writeFileSync(
      join(app, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: settings, files: ['app.ts'] }),
    );
    writeFileSync(join(app, 'app.ts'), consumer + only[decorators]);
    const call = (...args: readonly string[]): string => {
      const env = { ...process.env, OSTRACE_ENABLED: '', NODE_OPTIONS: '' };
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd: app,
        env,
        encoding: 'utf8',
      });
      assert.deepEqual([status, stderr], [0, ''], stdout);
      return stdout;
    };
    assert.equal(call(join(folder, 'node_modules/typescript/bin/tsc'), '-p', '.'), '');
    assert.deepEqual(JSON.parse(call('out/app.js')), [4, 5, 'x', 2, 'text', 7, 'n1', 'text', [], []]);
  });
}
