// The preload by `--import ostrace/register`: register.ts as an ES module. To import a CommonJS file, Node loads
// what looks for its exports, which takes one to two milliseconds before Node 24, and is for nothing here.

// Of pm2's cluster mode; see there.
if (process.env['pm2_env'] !== undefined) {
  try {
    const settings = JSON.parse(process.env['pm2_env']) as Readonly<Record<string, string>>;
    for (const name of Object.keys(settings)) {
      const isSetting = name.startsWith('OSTRACE_') && !/^OSTRACE_TRACE_(?:INFO|HMAC)$/.test(name);
      if (isSetting || ['name', 'pm_cwd', 'pm_exec_path'].includes(name)) process.env[name] = settings[name];
    }
  } catch {
    // it is somebody else's
  }
}

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

// `ostrace doctor` asks why there is no agent.
if (process.env['OSTRACE_DIAGNOSIS_FILE'] !== undefined) {
  const { createRequire } = process.getBuiltinModule('node:module');
  (
    createRequire(import.meta.url)('./src/diagnosis/off.js') as typeof import('./src/diagnosis/off.js')
  ).tellIfOff();
}

export {};
