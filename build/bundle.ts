// Bundles the agent: `dist/agent.js` has everything that the start needs in the application's thread, and each part
// that is needed later has a file in `dist/later`.
//
// A file costs Node up to 0.2 ms, wherever it is, and there were sixty files. One file for everything is no better,
// because V8 also reads code that it does not run, at 25 µs for each kilobyte. A part gets the modules of the start
// from the start itself, by a `require` that it is given. What these modules know of a live trace therefore exists
// once, whatever the application does to `require.cache`. A module that several parts import and the start does not
// is copied into each of them, so it must not hold state that they share.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

import { type BuildOptions, type Plugin, build } from 'esbuild';

const project = resolve(__dirname, '../..');
const entry = 'src/agent.ts';
/** The name by which parts refer to modules of the start, and by which they ask for them. */
const sharing = 'start:';

const options = {
  absWorkingDir: project,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  metafile: true,
  write: false,
  // Yarn's loader is present if it is asked for.
  external: ['pnpapi'],
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
        contents: `module.exports = require('./later/${outputOf(path)}')(require('${sharing}').start.give);`,
      }));
    },
  };
}

/** The name that the start and the modules that load its parts both know: a tiny module of its own. */
const meeting: Plugin = {
  name: 'where the parts ask',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${sharing}$`) }, () => ({ path: 'meeting', namespace: 'start' }));
    onLoad({ filter: /^/, namespace: 'start' }, () => ({ contents: 'export const start = {};' }));
  },
};

/**
 * The start as it is, and a function that gives its modules to the parts.
 *
 * @param shared the files of the start that parts import
 */
function entryGiving(shared: readonly string[]): string {
  const cases = shared.map((file, i) => `case '${file}': return shared${i};`);
  return [
    `import { start } from '${sharing}';`,
    ...shared.map((file, i) => `import * as shared${i} from './${file}';`),
    `start.give = (file) => { switch (file) { ${cases.join(' ')} } };`,
    `export * from './${entry}';`,
  ].join('\n');
}

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

async function bundlePart(file: string, has: ReadonlySet<string>, shared: Set<string>): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [file],
    plugins: [fromStart(has, shared)],
    banner: {
      js: `${strict}
module.exports = ($start) => {
const $require = require;
return (() => {
const module = { exports: {} };
const require = Object.assign(
  (name) => name.startsWith('${sharing}') ? $start(name.slice(${sharing.length})) : $require(name),
  $require,
);`,
    },
    footer: { js: 'return module.exports;\n})();\n};' },
  });
  return outputFiles[0]!.text;
}

async function main(): Promise<void> {
  const dist = join(project, 'dist');
  const later = join(dist, 'later');
  rmSync(later, { recursive: true, force: true });
  mkdirSync(later, { recursive: true });
  const { files, parts } = await bundleStart([]);
  const shared = new Set<string>();
  for (const file of parts) {
    writeFileSync(join(later, outputOf(file)), await bundlePart(file, files, shared));
  }
  writeFileSync(join(dist, 'agent.js'), (await bundleStart([...shared])).text);
}

void main();
