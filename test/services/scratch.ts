import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startLimitMs = 60_000;
const stopLimitMs = 20_000;

/** A folder, a free port and a server of our own, none of which outlives `remove` or this process. */
export interface Scratch {
  readonly folder: string;
  readonly port: number;
  /** Runs a program to its end, as the server's user. */
  run(program: string, args: readonly string[]): Promise<void>;
  /** Starts the server and waits until `isUp` no longer rejects. */
  start(
    program: string,
    args: readonly string[],
    signal: NodeJS.Signals,
    isUp: () => Promise<void>,
    /** Variables that it needs. */
    env?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Starts a program that the server needs, and does not wait for it. */
  startHelper(program: string, args: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/** @param users whom root may hand the server to, in order; database servers do not run as root */
export async function createScratch(users: readonly string[]): Promise<Scratch> {
  const account = process.getuid?.() === 0 ? accountOf(users) : {};
  const folder = folderFor(account);
  const log = join(folder, 'log');
  const programs: ChildProcess[] = [];
  let server: ChildProcess | undefined;
  let endSignal: NodeJS.Signals = 'SIGTERM';

  const launch = async (file: string, args: readonly string[], variables = {}): Promise<ChildProcess> => {
    const output = openSync(log, 'a');
    const env = { ...process.env, HOME: folder, TMPDIR: folder, ...variables };
    // In a process group of its own: Ctrl-C is ours to answer, after the tests have ended.
    const options = { cwd: folder, env, detached: true, ...account };
    const program = spawn(file, args, { ...options, stdio: ['ignore', output, output] });
    programs.push(program);
    closeSync(output);
    await once(program, 'spawn');
    return program;
  };
  const removeNow = (): void => {
    for (const program of programs) {
      if (program.pid !== undefined && isRunning(program)) process.kill(-program.pid, 'SIGKILL');
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', removeNow);

  return {
    folder,
    port: await freePort(),
    async run(file, args) {
      const child = await launch(file, args);
      if (isRunning(child)) await once(child, 'exit');
      if (child.exitCode !== 0) throw new Error(`${file} failed:\n${lastLines(log)}`);
    },
    async startHelper(file, args) {
      await launch(file, args);
    },
    async start(file, args, signal, isUp, env) {
      server = await launch(file, args, env);
      endSignal = signal;
      for (const deadline = Date.now() + startLimitMs; ; await sleep(50)) {
        const problem = await isUp().then(
          () => undefined,
          (error: unknown) => String(error),
        );
        if (problem === undefined) return;
        if (!isRunning(server) || Date.now() > deadline) {
          throw new Error(`${file} did not start (${problem}). Its log ends:\n${lastLines(log)}`);
        }
      }
    },
    async remove() {
      if (server !== undefined) await stop(server, endSignal);
      removeNow();
      process.off('exit', removeNow);
    },
  };
}

/** The first folder that holds all of the programs: of PATH, then of `more` and where servers usually are. */
export function findPrograms(names: readonly string[], more: readonly string[] = []): string[] | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...path, ...more, '/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin']
    .map((folder) => names.map((name) => join(folder, name)))
    .find((programs) => programs.every(isExecutable));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRunning(program: ChildProcess): boolean {
  return program.exitCode === null && program.signalCode === null;
}

async function stop(program: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning(program)) return;
  const ended = once(program, 'exit');
  const impatience = setTimeout(() => program.kill('SIGKILL'), stopLimitMs);
  program.kill(signal);
  await ended;
  clearTimeout(impatience);
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

function accountOf(users: readonly string[]): Account {
  for (const user of users) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, user], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(`root needs one of the users ${users.join(', ')} to start a database server as`);
}

/** Below the first temporary folder that the server's user can enter; root's own may be closed to it. */
function folderFor(account: Account): string {
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    const folder = mkdtempSync(join(parent, 'ostrace-server-'));
    chmodSync(folder, 0o700);
    if (account.uid === undefined || account.gid === undefined) return folder;
    chownSync(folder, account.uid, account.gid);
    if (spawnSync('test', ['-w', folder], { cwd: '/', ...account }).status === 0) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error(`no temporary folder that user ${account.uid} can enter; set TMPDIR to one`);
}

/**
 * A port of 127.0.0.1 that nobody listens on now. Linux gives it to nobody by itself, as it might one that was given
 * back a moment ago: by default it takes ports for `listen(0)` and for connections from 32,768 on. Up to 10,080 there
 * are ports that `fetch` refuses.
 */
export async function freePort(): Promise<number> {
  for (let left = 100; left > 0; left--) {
    const port = randomInt(10_081, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) =>
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no free port on 127.0.0.1');
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
