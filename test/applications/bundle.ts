import { symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { folder as loading } from '../loading/probe.js';
import { projectFolder } from '../scenario.js';
import { applications } from './install.js';

export interface BundleOptions {
  readonly format: 'cjs' | 'esm';
  readonly minify: boolean;
  /** Whether pg and mysql2 are part of the bundle, or loaded by it. */
  readonly drivers: 'external' | 'inlined';
}

/** What is used of esbuild. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}

/**
 * Bundles the application of test/loading/serve.cjs into one file of a folder and gives that file. Needs
 * `installApplications`.
 */
export async function makeBundle(
  folder: string,
  { format, minify, drivers }: BundleOptions,
): Promise<string> {
  const esbuild = createRequire(join(applications, 'package.json'))('esbuild') as Esbuild;
  const outfile = join(folder, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
  // What is external is found from here.
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  await esbuild.build({
    entryPoints: [join(loading, 'forms', format === 'cjs' ? 'require-node.cjs' : 'import-named.mjs')],
    outfile,
    format,
    minify,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    external: drivers === 'external' ? ['pg', 'mysql2'] : ['pg-native'],
    // What is CommonJS in it asks for Node's modules by `require`, which an ES module does not have.
    banner: format === 'esm' ? { js: require } : {},
  });
  return outfile;
}
