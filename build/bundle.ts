// Bundles the agent: `dist/agent.js` has everything that the start needs in the application's thread, and each part
// that is needed later has a file in `dist/later`.
//
// A file costs Node up to 0.2 ms, wherever it is, and there were sixty files. One file for everything is no better,
// because V8 also reads code that it does not run, at 25 µs for each kilobyte. A part gets the modules of the start
// from the start itself, by a `require` that it is given. What these modules know of a live trace therefore exists
// once, whatever the application does to `require.cache`. A module that several parts import and the start does not
// is in a file of its own, which the first of these parts loads: the parts of databases share one such file, those of
// messages and those of HTTP another.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

import { type BuildOptions, type Plugin, build } from 'esbuild';

const project = resolve(__dirname, '../..');
const entry = 'src/agent.ts';
/** The name by which parts refer to modules of the start, and by which they ask for them. */
const sharing = 'start:';
/** What names modules that several parts have in one file: `shared:` the file `:` the module. */
const common = 'shared:';

const options = {
  absWorkingDir: project,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  metafile: true,
  write: false,
  // Yarn's loader is present if it is asked for. The others are dependencies.
  external: ['pnpapi', 'import-in-the-middle', 'require-in-the-middle', 'shimmer'],
  // Not minified: an application sees the names of inner functions, people see all names in stacks, and minifying
  // would save half a millisecond.
} as const satisfies BuildOptions;

// ES modules are strict by themselves. The code that is made from them is not, and functions would look different
// then.
const strict = '"use strict";';

/** The file in the project that an import means. */
function sourceOf(path: string, folder: string): string {
  return relative(project, resolve(folder, path)).replace(/\.js$/, '.ts');
}

const outputOf = (file: string): string => `${basename(file, '.ts')}.js`;

/** In the start, a file that is required later is replaced by a module that loads the part's file. */
function asParts(parts: Set<string>): Plugin {
  return {
    name: 'parts',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./ }, ({ kind, namespace, path, resolveDir }) => {
        if (namespace === 'part') return { path, external: true };
        if (kind !== 'require-call') return undefined;
        const file = sourceOf(path, resolveDir);
        parts.add(file);
        return { path: file, namespace: 'part' };
      });
      onLoad({ filter: /^/, namespace: 'part' }, ({ path }) => ({
        contents: `module.exports = require('${sharing}').part('./later/${outputOf(path)}');`,
      }));
    },
  };
}

/** The module that loads the parts, and the name that the start and these loaders both know: a tiny module of its own. */
const meeting: Plugin = {
  name: 'where the parts ask',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${sharing}$`) }, () => ({ path: 'meeting', namespace: 'start' }));
    // Not a call of `require` by its name: esbuild would look for what it may mean.
    const contents = 'const load = require; exports.part = (path) => load(path)(exports.give);';
    onLoad({ filter: /^/, namespace: 'start' }, () => ({ contents }));
  },
};

/**
 * The start as it is, and a function that gives its modules to the parts.
 *
 * @param shared the files of the start that parts import
 */
function entryGiving(shared: readonly string[]): string {
  return [
    ...importsOf(shared),
    'const files = new Map();',
    `const start = require('${sharing}');`,
    `start.give = (file) => {`,
    `  switch (file) { ${casesOf(shared)} }`,
    `  if (!files.has(file)) files.set(file, start.part('./later/' + file).give);`,
    `  return files.get(file);`,
    `};`,
    `export * from './${entry}';`,
  ].join('\n');
}

const importsOf = (files: readonly string[]): readonly string[] =>
  files.map((file, i) => `import * as shared${i} from './${file}';`);
const casesOf = (files: readonly string[]): string =>
  files.map((file, i) => `case '${file}': return shared${i};`).join(' ');

/** A file of modules that several parts share, and a function that gives them. */
const commonGiving = (files: readonly string[]): string =>
  [...importsOf(files), `export const give = (file) => { switch (file) { ${casesOf(files)} } };`].join('\n');

/** In a part, modules of the start are requested from the start. */
function fromStart(has: ReadonlySet<string>, shared: Set<string>): Plugin {
  return {
    name: 'the start',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = sourceOf(path, resolveDir);
        if (!has.has(file)) return undefined;
        shared.add(file);
        return { path: sharing + file, external: true };
      });
    },
  };
}

async function bundleStart(shared: readonly string[]): Promise<{
  readonly text: string;
  readonly files: ReadonlySet<string>;
  readonly parts: ReadonlySet<string>;
}> {
  const parts = new Set<string>();
  const { metafile, outputFiles } = await build({
    ...options,
    stdin: { contents: entryGiving(shared), resolveDir: project },
    plugins: [meeting, asParts(parts)],
    banner: { js: strict },
  });
  return { text: outputFiles[0]!.text, files: new Set(Object.keys(metafile.inputs)), parts };
}

/** In a part, what several of them have is asked of the file that they share. */
function fromCommon(files: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'what parts share',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = sourceOf(path, resolveDir);
        const where = files.get(file);
        return where === undefined ? undefined : { path: `${common}${where}:${file}`, external: true };
      });
    },
  };
}

/** What a part is made of: a file, or a text that imports several. */
type Source = Pick<BuildOptions, 'entryPoints' | 'stdin'>;

async function bundlePart(
  source: Source,
  plugins: Plugin[],
): Promise<{ readonly text: string; readonly inputs: readonly string[] }> {
  const { metafile, outputFiles } = await build({
    ...options,
    ...source,
    plugins,
    banner: {
      js: `${strict}
module.exports = ($start) => {
const $require = require;
return (() => {
const module = { exports: {} };
const require = Object.assign(
  (name) => {
    const [, kind, first, second] = /^(${sharing}|${common})([^:]+):?(.*)$/.exec(name) ?? [];
    if (kind === undefined) return $require(name);
    return kind === '${sharing}' ? $start(first) : $start(first)(second);
  },
  $require,
);`,
    },
    footer: { js: 'return module.exports;\n})();\n};' },
  });
  return { text: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

/**
 * The files that parts share, each named by one of its parts: a shared module is in the first file whose part imports it. So a
 * database loads nothing of messages. The files' names show in stacks.
 */
const nameOf: ReadonlyMap<string, string> = new Map([
  ['instrumentations/http-client.ts', 'http'],
  ['instrumentations/pg.ts', 'calls'],
  ['instrumentations/grpc.ts', 'rpc'],
  ['instrumentations/express.ts', 'routes'],
  ['instrumentations/ioredis.ts', 'redis'],
]);

/** Parts that few applications load. What they have in common with others does not bring those together. */
const apart: ReadonlySet<string> = new Set(['src/points-by-name.ts', 'src/hooks/calls/call-sites.ts']);

/** The modules that several parts have, by the file that they go into: parts that have any in common share them. */
function commonOf(inputs: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, string> {
  const users = new Map<string, string[]>();
  for (const [part, files] of inputs) {
    for (const file of files) users.set(file, [...(users.get(file) ?? []), part]);
  }
  const shared = [...users]
    .filter(([, parts]) => parts.length > 1)
    .map(([file, parts]) => [file, parts.filter((part) => !apart.has(part))] as const);
  const first = new Map([...inputs.keys()].map((part) => [part, part]));
  const firstOf = (part: string): string => (first.get(part) === part ? part : firstOf(first.get(part)!));
  for (const [, [one = '', ...others]] of shared) {
    for (const other of others) {
      const [earlier = '', later = ''] = [firstOf(one), firstOf(other)].toSorted();
      first.set(later, earlier);
    }
  }
  const named = new Map([...nameOf].map(([part, name]) => [firstOf(part), name] as const));
  const fileOf = (its: readonly string[]): string => {
    const [, name] = [...nameOf].find(([part]) => its.includes(part)) ?? [];
    const root = firstOf(its[0]!);
    return `shared-${name ?? named.get(root) ?? basename(root, '.ts')}.js`;
  };
  return new Map(shared.map(([file, its]) => [file, fileOf(its)] as const));
}

/** Removes what the compiler has made of sources that are gone: a test that names such a file would still pass. */
function removeStale(dist: string): void {
  for (const room of ['benchmarks', 'build', 'instrumentations', 'src', 'test']) {
    for (const file of readdirSync(join(dist, room), { recursive: true, encoding: 'utf8' })) {
      const [, name, module] = /^(.*?)(?:\.d)?\.(m?)[jt]s$/.exec(file) ?? [];
      if (name === undefined || existsSync(join(project, room, `${name}.${module}ts`))) continue;
      rmSync(join(dist, room, file));
    }
  }
}

async function main(): Promise<void> {
  const dist = join(project, 'dist');
  removeStale(dist);
  const later = join(dist, 'later');
  rmSync(later, { recursive: true, force: true });
  mkdirSync(later, { recursive: true });
  const { files, parts } = await bundleStart([]);
  const shared = new Set<string>();
  const start = fromStart(files, shared);
  const inputs = new Map<string, readonly string[]>();
  for (const file of parts) inputs.set(file, (await bundlePart({ entryPoints: [file] }, [start])).inputs);
  const where = commonOf(inputs);
  for (const name of new Set(where.values())) {
    const own = [...where].filter(([, its]) => its === name).map(([file]) => file);
    const stdin = { contents: commonGiving(own), resolveDir: project };
    const others = new Map([...where].filter(([, its]) => its !== name));
    writeFileSync(join(later, name), (await bundlePart({ stdin }, [start, fromCommon(others)])).text);
  }
  for (const file of parts) {
    // A part that others import too is in the file that they share.
    const source: Source = where.has(file)
      ? { stdin: { contents: `export * from './${file}';`, resolveDir: project } }
      : { entryPoints: [file] };
    const { text } = await bundlePart(source, [start, fromCommon(where)]);
    writeFileSync(join(later, outputOf(file)), text);
  }
  writeFileSync(join(dist, 'agent.js'), (await bundleStart([...shared])).text);
}

void main();
