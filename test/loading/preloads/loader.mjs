// A loader that supplies the source of every file, CommonJS too, as compilers and other agents do.
import { readFile } from 'node:fs/promises';

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:')) return nextLoad(url, context);
  const loaded = await nextLoad(url, context);
  if (loaded.format !== 'commonjs') return loaded;
  return { ...loaded, source: await readFile(new URL(url)), shortCircuit: true };
}
