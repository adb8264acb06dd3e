// Recognises packages that are bundled into the application's file.
import { readFileSync } from 'node:fs';

/** A text in the package's code that no minifier changes. */
export interface BundleMark {
  readonly name: string;
  readonly text: string;
}

/** The packages that are part of a file. Their calls cannot be seen there. Empty if the file cannot be read. */
export function bundledIn(file: string, marks: readonly BundleMark[]): string[] {
  try {
    // As for Node, the file may be given without its extension, or as a folder.
    const code = readFileSync(require.resolve(file));
    return marks.filter(({ text }) => code.includes(text)).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** A line for people about bundled packages. */
export function adviceOn(names: readonly string[], file: string): string {
  const flags = names.map((name) => `--external:${name}`).join(' ');
  const [what, is, them] = [
    names.join(' and '),
    names.length > 1 ? 'are' : 'is',
    names.length > 1 ? 'them' : 'it',
  ];
  return `${what} ${is} bundled into ${file}, where no call of ${them} can be seen; leave ${them} out of the bundle (esbuild: ${flags}; others call it "external") and install ${them} beside it. HTTP, commands and threads are traced all the same`;
}
