import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The drivers, and what the applications of the tests are made of, lie above this folder.
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export default {
  // `next start` does not want to be told so, though it serves such a build all the same.
  output: process.env.NEXT_STANDALONE === '1' ? 'standalone' : undefined,
  outputFileTracingRoot: root,
  turbopack: { root },
  serverExternalPackages: ['pg', 'mysql2'],
};
