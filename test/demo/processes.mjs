import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { atEnd } from './lifetime.mjs';

/** The environment without settings for ostrace: the demo's own count. */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('OSTRACE_')),
);

/** Runs a program to its end, shows its output, and gives what it said on stderr. */
export async function run(file, args, options) {
  const child = start(file, args, { stdio: ['ignore', 'inherit', 'pipe'], ...options });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
    process.stderr.write(text);
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${signal ?? code}`);
  return said;
}

/** Starts a Node program that serves something, and gives the URL that it prints as soon as it does. */
export async function serve(name, args, options) {
  const child = start(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} ended before it could be used`);
  });
  // Later on it ends because it is told to.
  ended.catch(() => {});
  const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended]);
  return line.trim();
}

function start(file, args, options) {
  const child = spawn(file, args, options);
  atEnd(() => stop(child));
  return child;
}

async function stop(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 3000);
  child.kill();
  await ended;
  clearTimeout(impatience);
}
