// Puts what the application's thread needs of the agent into few files: `dist/agent.js` has all that the start
// needs, and each part that something asks for later has a file in `dist/later`.
//
// A file costs Node up to 0.2 ms, wherever it lies, and there were sixty. Not one file for all: V8 reads what it
// does not run too, at 25 µs for each kilobyte. The parts get the modules of the start from the start itself, so
// that what these know of a live trace is there once, whatever the application does to `require.cache`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

import { type BuildOptions, type Plugin, build } from 'esbuild';

const project = resolve(__dirname, '../..');
const entry = 'src/agent.ts';

const options = {
  absWorkingDir: project,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  metafile: true,
  write: false,
  // The names of inner functions show in stacks, and some to the application: nothing is minified.
} as const satisfies BuildOptions;

/** The file in the project that an import means. */
function sourceOf(path: string, folder: string): string {
  return relative(project, resolve(folder, path)).replace(/\.js$/, '.ts');
}

/** Leaves what is required when something asks for it to files of their own. */
function leaveParts(into: Set<string>): Plugin {
  return {
    name: 'parts',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'require-call') return undefined;
        into.add(sourceOf(path, resolveDir));
        return { path: `./later/${basename(path)}`, external: true };
      });
    },
  };
}

/** Leaves what the start has to the start. */
function leaveStart(files: ReadonlySet<string>, into: Set<string>): Plugin {
  return {
    name: 'start',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = sourceOf(path, resolveDir);
        if (!files.has(file)) return undefined;
        into.add(file);
        return { path: `start:${file}`, external: true };
      });
    },
  };
}

interface Start {
  readonly text: string;
  readonly files: ReadonlySet<string>;
  readonly parts: ReadonlySet<string>;
}

/** @param shared files whose exports the parts get */
async function bundleStart(shared: ReadonlySet<string>): Promise<Start> {
  const all = [...shared];
  const parts = new Set<string>();
  const { metafile, outputFiles } = await build({
    ...options,
    stdin: {
      contents: `
        export * from './${entry}';
        ${all.map((file, i) => `import * as shared${i} from './${file}';`).join('\n')}
        export const shared = { ${all.map((file, i) => `'${file}': shared${i}`).join(', ')} };
      `,
      resolveDir: project,
    },
    plugins: [leaveParts(parts)],
  });
  const text = outputFiles[0]!.text.replaceAll('require("./later/', '$part("./later/');
  return { text: `"use strict";\n${text}${partLoader}`, files: new Set(Object.keys(metafile.inputs)), parts };
}

const partLoader = `
const $parts = new Map();
function $part(file) {
  if (!$parts.has(file)) $parts.set(file, require(file)((name) => ({ ...module.exports.shared[name] })));
  return $parts.get(file);
}
`;

/** @param shared takes the files of the start that the part needs */
async function bundlePart(file: string, start: Start, shared: Set<string>): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [file],
    plugins: [leaveStart(start.files, shared)],
  });
  const text = outputFiles[0]!.text.replaceAll('require("start:', '$start("');
  return `"use strict";
module.exports = ($start) => {
const module = { exports: {} };
${text}
return module.exports;
};
`;
}

async function main(): Promise<void> {
  const dist = join(project, 'dist');
  const later = join(dist, 'later');
  const start = await bundleStart(new Set());
  const shared = new Set<string>();
  rmSync(later, { recursive: true, force: true });
  mkdirSync(later, { recursive: true });
  for (const file of start.parts) {
    const name = basename(file).replace(/\.ts$/, '.js');
    writeFileSync(join(later, name), await bundlePart(file, start, shared));
  }
  writeFileSync(join(dist, 'agent.js'), (await bundleStart(shared)).text);
}

void main();
