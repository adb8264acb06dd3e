// Puts what the application's thread needs of the agent into few files: `dist/agent.js` has all that the start
// needs, and each part that something asks for later has a file in `dist/later`.
//
// A file costs Node up to 0.2 ms, wherever it lies, and there were sixty. Not one file for all: V8 reads what it
// does not run too, at 25 µs for each kilobyte. The parts get the modules of the start from the start itself, so
// that what these know of a live trace is there once, whatever the application does to `require.cache`. What
// several parts import and the start does not is in each of them: it keeps nothing that they must share.
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
  // Not minified: an application sees names of inner functions, people see all of them in stacks, and it would
  // save half a millisecond.
} as const satisfies BuildOptions;

/** What the parts import of the files of the start: names by file. */
type Shared = Map<string, Set<string>>;

interface Start {
  readonly text: string;
  readonly files: ReadonlySet<string>;
  readonly parts: ReadonlySet<string>;
}

/** The file in the project that an import means. */
function sourceOf(path: string, folder: string): string {
  return relative(project, resolve(folder, path)).replace(/\.js$/, '.ts');
}

/** @param told of each import of a file of ours: where it is found when the bundle runs, or undefined to have it in there */
function resolving(told: (file: string, kind: string) => string | undefined): Plugin {
  return {
    name: 'files of ours',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        const outside = told(sourceOf(path, resolveDir), kind);
        return outside === undefined ? undefined : { path: outside, external: true };
      });
    },
  };
}

async function bundleStart(shared: Shared): Promise<Start> {
  const parts = new Set<string>();
  const imports = [...shared].map(([file, names], i) => {
    const renamed = [...names].map((name) => `${name} as ${name}$${i}`);
    return `import { ${renamed.join(', ')} } from './${file}';`;
  });
  const exports = [...shared].map(([file, names], i) => {
    const members = [...names].map((name) => `${name}: ${name}$${i}`);
    return `'${file}': () => ({ ${members.join(', ')} }),`;
  });
  const { metafile, outputFiles } = await build({
    ...options,
    stdin: {
      contents: [
        `export * from './${entry}';`,
        ...imports,
        `export const $shared = {`,
        ...exports,
        '};',
      ].join('\n'),
      resolveDir: project,
    },
    plugins: [
      resolving((file, kind) => {
        if (kind !== 'require-call') return undefined;
        parts.add(file);
        return `./later/${outputOf(file)}`;
      }),
    ],
  });
  const text = outputFiles[0]!.text.replaceAll('require("./later/', '$part("./later/');
  return { text: `"use strict";\n${text}${partLoader}`, files: new Set(Object.keys(metafile.inputs)), parts };
}

const partLoader = `
const $parts = new Map();
function $part(file) {
  if (!$parts.has(file)) $parts.set(file, require(file)((shared) => module.exports.$shared[shared]()));
  return $parts.get(file);
}
`;

const outputOf = (file: string): string => basename(file).replace(/\.ts$/, '.js');

/** @param shared is given what the part imports */
async function bundlePart(file: string, start: Start, shared: Shared): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [file],
    plugins: [resolving((imported) => (start.files.has(imported) ? `start:${imported}` : undefined))],
  });
  const { text } = outputFiles[0]!;
  for (const [, variable, imported] of text.matchAll(/^var (\w+) = require\("start:([^"]+)"\);$/gm)) {
    const names = [...text.matchAll(new RegExp(`\\b${variable}\\.(\\w+)`, 'g'))].map(([, name]) => name!);
    shared.set(imported!, new Set([...(shared.get(imported!) ?? []), ...names]));
  }
  return `"use strict";
module.exports = ($start) => {
const module = { exports: {} };
${text.replaceAll('require("start:', '$start("')}
return module.exports;
};
`;
}

async function main(): Promise<void> {
  const dist = join(project, 'dist');
  const later = join(dist, 'later');
  rmSync(later, { recursive: true, force: true });
  mkdirSync(later, { recursive: true });
  const shared: Shared = new Map();
  const start = await bundleStart(shared);
  for (const file of start.parts) {
    writeFileSync(join(later, outputOf(file)), await bundlePart(file, start, shared));
  }
  writeFileSync(join(dist, 'agent.js'), (await bundleStart(shared)).text);
}

void main();
