// The preload by `--import ostrace/register`: register.ts as an ES module. To import a CommonJS file, Node loads
// what looks for its exports, which takes one to two milliseconds before Node 24, and is for nothing here.

const enabled = process.env['OSTRACE_ENABLED'] ?? '';

if (!['', '0', 'false', 'no', 'off'].includes(enabled.trim().toLowerCase())) {
  try {
    const { createRequire } = process.getBuiltinModule('node:module');
    const agent = createRequire(import.meta.url)('./agent.js') as typeof import('./src/agent.js');
    // Threads are given the other one.
    agent.start(`${import.meta.dirname}/./register.js`);
  } catch (error) {
    // Whatever it is, the application starts all the same.
    try {
      const message = `the agent could not start; the application goes on: ${String(error)}`;
      process.getBuiltinModule('node:fs').writeSync(2, `ostrace: ${message}\n`);
    } catch {
      // stderr is closed or full: there is nobody to tell
    }
  }
}

export {};
