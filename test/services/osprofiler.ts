import { runPython } from '../fixtures/osprofiler.js';
import { installPackages } from './debian.js';
import { messageOf } from './say.js';

/** The modules that the tests import, and Debian's packages that they are in. */
const packages = {
  osprofiler: 'python3-osprofiler',
  webob: 'python3-webob',
  redis: 'python3-redis',
  sqlalchemy: 'python3-sqlalchemy',
  psycopg2: 'python3-psycopg2',
  pymysql: 'python3-pymysql',
  oslo_messaging: 'python3-oslo.messaging',
  elasticsearch: 'python3-elasticsearch',
  pymongo: 'python3-pymongo',
  mockupdb: 'python3-mockupdb',
} as const;

/** Makes sure that Debian's OSProfiler is there, with the drivers that the tests use. */
export async function provideOsprofiler(): Promise<void> {
  if ((await problem()) === undefined) return;
  await installPackages('OSProfiler', Object.values(packages));
  const reason = await problem();
  if (reason === undefined) return;
  throw new Error(
    `the tests need Debian's OSProfiler (${reason}): apt-get install ${Object.values(packages).join(' ')}`,
  );
}

async function problem(): Promise<string | undefined> {
  try {
    await runPython(['-c', `import ${Object.keys(packages).join(', ')}`]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
