// Builds the page: `dist/ui/page.html`, one file with all of its code and styles, which `ostrace` completes with data.
//
// A policy in the file names the code and the styles by their hashes, so a browser runs nothing else, whatever an
// event says. Nothing may change these texts once they are hashed.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const project = resolve(__dirname, '../..');
const folder = join(project, 'src/ui');

/** The source of a text, as a content security policy names it. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Code in which no tag of HTML ends or begins. In the code that is built, `<` stands so in strings only. */
const inElement = (code: string): string => code.replace(/<(?=\/script|script|!--)/gi, String.raw`\x3c`);

/** `default-src` and `base-uri` forbid whatever is not named; the page connects to nobody unless it is served. */
const policyOf = (code: string, styles: string): string =>
  [
    "default-src 'none'",
    `script-src ${hashOf(code)}`,
    `style-src ${hashOf(styles)}`,
    'img-src data:',
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

/** The code and the styles of the page, each in one text. */
async function bundle(): Promise<{ readonly code: string; readonly styles: string }> {
  const { build } = await import('vite');
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: [join(folder, 'main.tsx'), join(folder, 'style.css')] },
    },
  });
  const outputs = [built].flat().flatMap((each) => ('output' in each ? each.output : []));
  const chunks = outputs.flatMap((each) =>
    each.type === 'chunk' && each.code.trim() !== '' ? [each.code] : [],
  );
  const styles = outputs.flatMap((each) => (each.type === 'asset' ? [String(each.source)] : []));
  if (chunks.length !== 1 || styles.length !== 1) {
    throw new Error(
      `the page is made of ${chunks.length} chunks and ${styles.length} other files; expected one of each`,
    );
  }
  return { code: inElement(chunks[0]!), styles: styles[0]! };
}

async function main(): Promise<void> {
  const { code, styles } = await bundle();
  const page = readFileSync(join(folder, 'page.html'), 'utf8')
    .replace(
      '<!-- policy -->',
      () => `<meta http-equiv="Content-Security-Policy" content="${policyOf(code, styles)}" />`,
    )
    .replace('<!-- styles -->', () => `<style>${styles}</style>`)
    .replace('<!-- code -->', () => `<script type="module">${code}</script>`);
  mkdirSync(join(project, 'dist/ui'), { recursive: true });
  writeFileSync(join(project, 'dist/ui/page.html'), page);
}

void main();
