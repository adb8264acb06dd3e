import { readFileSync } from 'node:fs';

/** A text that a package has in its code, and that no minifier changes. */
export interface BundleMark {
  readonly name: string;
  readonly text: string;
}

/** Which packages are part of a file: their calls can't be seen there. None where it can't be read. */
export function bundledIn(file: string, marks: readonly BundleMark[]): string[] {
  try {
    // As Node does: it may be given without its extension, or as a folder.
    const code = readFileSync(require.resolve(file));
    return marks.filter(({ text }) => code.includes(text)).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** One line for people about such packages. */
export function adviceOn(names: readonly string[], file: string): string {
  const flags = names.map((name) => `--external:${name}`).join(' ');
  const [what, is, them] = [
    names.join(' and '),
    names.length > 1 ? 'are' : 'is',
    names.length > 1 ? 'them' : 'it',
  ];
  return `${what} ${is} bundled into ${file}, where no call of ${them} can be seen; leave ${them} out of the bundle (esbuild: ${flags}; others call it "external") and install ${them} beside it. HTTP, commands and threads are traced all the same`;
}
