// What a test file needs before it can run: the line that says it, and the check that the line is true.
//
// A test file, or a module that test files share, says in the comment with which it begins
// `// needs: agent postgresql`; without such a line it needs nothing. `npm test` brings up what the chosen files
// name, and gives each file only what that file names (`services/declared.ts`). `npm run unit` runs the files that
// need nothing; files that need nothing but time run there by their names.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** What there is to need, in the order in which it is brought up. */
export const needs = [
  /** The agent as users have it: packed, and installed into a folder of its own. */
  'agent',
  /** Packages from the npm registry, which are installed at their first use. */
  'packages',
  'osprofiler',
  'influxdb',
  'postgresql',
  'mariadb',
  'redis',
  'rabbitmq',
  'kafka',
  'nats',
  'mosquitto',
  /** A browser, in which the page is used. */
  'chromium',
  /** More than some seconds of a processor. */
  'time',
] as const;
export type Need = (typeof needs)[number];

/** The needs that a source declares in the comment with which it begins. */
export function declaredNeeds(source: string): ReadonlySet<Need> {
  const header = /^(?:\/\*[^]*?\*\/\n|\/\/.*\n)*/.exec(source)![0];
  const [, list] = /^\/\/ needs: (.+)$/m.exec(header) ?? [];
  const names = list?.split(' ') ?? [];
  const unknown = names.find((name) => !needs.includes(name as Need));
  if (unknown !== undefined) throw new Error(`nothing is called "${unknown}": there are ${needs.join(', ')}`);
  return new Set(names as Need[]);
}

// Not by `scenario.ts`, which looks where the agent is as soon as it is loaded.
const testFolder = resolve(__dirname, '../../test');

const isProgram = /\.[cm]?[jt]sx?$/;

/** All test files, by their paths below test/. */
export function testFiles(): string[] {
  return readdirSync(testFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .toSorted();
}

/** Gives the text of a file by its path below test/; a folder's is that of all programs in it. */
export type Read = (path: string) => string | undefined;

export const readSource: Read = (path) => {
  const file = join(testFolder, path);
  if (path.includes('node_modules') || !existsSync(file)) return undefined;
  if (!statSync(file).isDirectory()) return readFileSync(file, 'utf8');
  return readdirSync(file, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || isProgram.test(entry.name))
    .map(({ name }) => readSource(join(path, name)) ?? '')
    .join('\n');
};

/** What of `scenario.ts` has to do with the agent; the rest of it is for every test. */
const ofAgent =
  /^import \{[^}]*\b(?:run|preload|modulePreload|agentFolder)\b[^}]*\} from '[./]+\/scenario\.js';$/m;

/** What only somebody writes who uses the server. */
const variables: Readonly<Partial<Record<Need, RegExp>>> = {
  postgresql: /\bPG(?:HOST|PORT)\b/,
  mariadb: /\bMYSQL_(?:HOST|PORT)\b/,
  redis: /\bREDIS_URL\b/,
  rabbitmq: /\bAMQP_(?:FAULTS_)?URL\b/,
  kafka: /\bKAFKA_BROKERS\b/,
  nats: /\bNATS_URL\b/,
  mosquitto: /\bMQTT_URL\b/,
  chromium: /\bCHROMIUM\b/,
};

/** What everybody writes who uses the server, and others too. */
const subjects: Readonly<Partial<Record<Need, RegExp>>> = {
  postgresql: /\bpg\b|postgres/i,
  mariadb: /mysql|mariadb/i,
  redis: /redis/i,
  rabbitmq: /rabbit|amqp/i,
  kafka: /kafka/i,
  nats: /\bnats\b/i,
  mosquitto: /mqtt/i,
  chromium: /chromium/i,
};

/** What is wrong with the declaration of a test file; nothing where it is right. */
export function complaints(file: string, read: Read = readSource): string[] {
  const modules = withImports(file, read);
  const uses = new Set<Need>();
  for (const [path, source] of modules) {
    if (path !== file) for (const need of declaredNeeds(source)) uses.add(need);
    if (ofAgent.test(source)) uses.add('agent');
    for (const [need, pattern] of Object.entries(variables)) if (pattern.test(source)) uses.add(need as Need);
  }
  for (const source of scenarioFolders(modules, read)) {
    for (const [need, pattern] of Object.entries(variables)) if (pattern.test(source)) uses.add(need as Need);
  }
  const declared = declaredNeeds(modules.get(file)!);
  const missing = [...uses].filter((need) => !declared.has(need));
  const texts = [...modules.values(), ...programs(modules, read)].map(withoutDeclaration);
  const idle = [...declared].filter((need) => {
    return need !== 'time' && !uses.has(need) && !texts.some((text) => subjects[need]?.test(text));
  });
  return [
    ...missing.map((need) => `${file} uses ${need} and does not declare it`),
    ...idle.map((need) => `${file} declares ${need} and does not use it`),
  ];
}

/** A file and the modules of the tests that it imports, by their paths; `scenario.ts` is for all. */
function withImports(file: string, read: Read): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    if (found.has(path) || path === 'scenario.ts' || path.startsWith('..')) return;
    const source = read(path);
    if (source === undefined) throw new Error(`test/${path}, which ${file} imports, cannot be read`);
    found.set(path, source);
    for (const [, kind, target] of source.matchAll(/^(import type|import|\}) [^;']*?'(\.[^']+)\.js';$/gm)) {
      if (kind === 'import type') continue;
      visit(relative(testFolder, resolve(testFolder, dirname(path), `${target}.ts`)));
    }
  };
  visit(file);
  return found;
}

/** The texts of the programs that sources name by their paths: scenarios, and whole folders below test/. */
function programs(modules: ReadonlyMap<string, string>, read: Read): string[] {
  const named = [...modules.values()].flatMap((source) => [
    ...[...source.matchAll(/'([\w./-]+\.[cm]?[jt]s)'/g)].map(([, name]) => `scenarios/${name}`),
    ...[...source.matchAll(/'test\/([\w./-]+)'/g)].map(([, path]) => path!),
  ]);
  return [...new Set(named)].map(read).filter((text) => text !== undefined);
}

/** The texts of folders of scenarios of which a source takes the file that a variable names. */
function scenarioFolders(modules: ReadonlyMap<string, string>, read: Read): string[] {
  const named = [...modules.values()].flatMap((source) =>
    [...source.matchAll(/scenario\(`([\w-]+)\/\$\{/g)].map(([, folder]) => `scenarios/${folder}`),
  );
  return [...new Set(named)].map(read).filter((text) => text !== undefined);
}

const withoutDeclaration = (text: string): string => text.replaceAll(/^\/\/ needs: .*\n/gm, '');
