// The preload: `node --import ostrace/register app.js`, or `--require`, or either in NODE_OPTIONS.
//
// It is CommonJS, because Node runs only `--require` preloads in threads made of text and in single executables. It
// is one file with nothing at its top, because it is all that is loaded while OSTRACE_ENABLED is off.

// pm2's cluster mode puts the environment of an application into this variable, and applies it only after the
// preload. Our own variables are applied here.
if (process.env['pm2_env'] !== undefined) {
  try {
    const settings = JSON.parse(process.env['pm2_env']) as Readonly<Record<string, string>>;
    for (const name of Object.keys(settings)) {
      const isSetting = name.startsWith('OSTRACE_') && !/^OSTRACE_TRACE_(?:INFO|HMAC)$/.test(name);
      if (isSetting || ['name', 'pm_cwd', 'pm_exec_path'].includes(name)) process.env[name] = settings[name];
    }
  } catch {
    // the variable is somebody else's
  }
}

const enabled = process.env['OSTRACE_ENABLED'] ?? '';

// A thread that works for a trace may have been given no environment. It is recognised by its first argument, which
// names this file as nobody else would.
const preload = `${__dirname}/./register.js`;
const isHanded =
  process.execArgv[0] === `--require=${preload}` &&
  !(require('node:worker_threads') as typeof import('node:worker_threads')).isMainThread;

if (isHanded || !['', '0', 'false', 'no', 'off'].includes(enabled.trim().toLowerCase())) {
  try {
    // Another loader may supply this file's source, and its `require` would then run for all of our files. Node's
    // own is taken from the module's class, which is there except under policies: `node:module` would load parts of
    // Node that nobody needs here.
    const { createRequire } = (module.constructor ?? require('node:module')) as typeof import('node:module');
    const agent = createRequire(__filename)('./agent.js') as typeof import('./src/agent.js');
    agent.start(preload);
  } catch (error) {
    // The application starts all the same, whatever the error is.
    const { writeSync } = require('node:fs') as typeof import('node:fs');
    try {
      writeSync(2, `ostrace: the agent could not start; the application goes on: ${String(error)}\n`);
    } catch {
      // stderr is closed or full: there is nobody to tell
    }
  }
}

// `ostrace doctor` asks why there is no agent.
if (process.env['OSTRACE_DIAGNOSIS_FILE'] !== undefined && !isHanded) {
  const { createRequire } = (module.constructor ?? require('node:module')) as typeof import('node:module');
  (
    createRequire(__filename)('./src/diagnosis/off.js') as typeof import('./src/diagnosis/off.js')
  ).tellIfOff();
}

export {};
