// Reads what Linux tells of processes in /proc. On other systems, and of other users' processes, there is nothing
// to read.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

export interface RunningProcess {
  readonly pid: number;
  /** The name of the program file, and all of its arguments, as they are now. */
  readonly program: string;
  readonly args: readonly string[];
}

/** A process, and how it was started. */
export interface StartedProcess extends RunningProcess {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Whether a process runs Node. */
export function isNode({ program }: RunningProcess): boolean {
  return /^node(?:js)?(?:[-.\d]*)(?:\.exe)?$/.test(program);
}

/** The command up to its main file: the arguments of the application may hold secrets. */
export function commandOf({ args }: RunningProcess): string {
  const main = args.findIndex(
    (arg, i) =>
      i > 0 && /\.[cm]?[jt]sx?$/.test(arg) && !/^(?:-r|--require|--import|--loader)$/.test(args[i - 1]!),
  );
  return args
    .slice(0, main < 0 ? 1 : main + 1)
    .join(' ')
    .slice(0, 300);
}

/** A process and all of its descendants; undefined if the system does not tell. */
export function below(pid: number): RunningProcess[] | undefined {
  const parents = parentsOf();
  if (parents === undefined) return undefined;
  const found = new Set([pid]);
  let size = 0;
  while (found.size > size) {
    size = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  return [...found].flatMap((each) => running(each) ?? []);
}

/** The processes that listen on a port. */
export function listenersOn(port: number): StartedProcess[] {
  const inodes = new Set(sockets().flatMap((socket) => (socket.port === port ? [socket.inode] : [])));
  if (inodes.size === 0) return [];
  return pids()
    .filter((pid) => socketsOf(pid).some((inode) => inodes.has(inode)))
    .flatMap((pid) => started(pid) ?? []);
}

/** The ports on which a process listens. */
export function portsOf(pid: number): number[] {
  const own = new Set(socketsOf(pid));
  return own.size === 0 ? [] : sockets().flatMap(({ port, inode }) => (own.has(inode) ? [port] : []));
}

/** A process with the environment that it was started with; undefined if the system does not tell. */
export function started(pid: number): StartedProcess | undefined {
  const found = running(pid);
  const environ = read(pid, 'environ');
  if (found === undefined || environ === undefined) return undefined;
  const pairs = environ.split('\0').map((pair) => [pair.split('=', 1)[0]!, pair] as const);
  const env = Object.fromEntries(
    pairs.filter(([name]) => name !== '').map(([name, pair]) => [name, pair.slice(name.length + 1)]),
  );
  return { ...found, env, cwd: link(pid, 'cwd') ?? '' };
}

function running(pid: number): RunningProcess | undefined {
  const args = read(pid, 'cmdline')?.split('\0');
  const exe = link(pid, 'exe');
  return args === undefined || exe === undefined
    ? undefined
    : { pid, program: basename(exe).replace(/ \(deleted\)$/, ''), args: args.filter((arg) => arg !== '') };
}

function pids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function parentsOf(): Map<number, number> | undefined {
  const parents = new Map<number, number>();
  for (const pid of pids()) {
    // The name, in parentheses, may contain anything.
    const parent = /\) \S (\d+)/.exec(read(pid, 'stat')?.replace(/^.*\)/s, ')') ?? '')?.[1];
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  return parents.size === 0 ? undefined : parents;
}

/** All listening sockets. */
function sockets(): { readonly port: number; readonly inode: string }[] {
  const lines = ['tcp', 'tcp6'].flatMap((table) => read('self/net', table)?.split('\n').slice(1) ?? []);
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const isListening = state === '0A' && inode !== undefined;
    return isListening ? [{ port: Number.parseInt(local.split(':')[1] ?? '', 16), inode }] : [];
  });
}

/** The inode numbers of a process's sockets. */
function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(link(pid, `fd/${fd}`) ?? '')?.[1] ?? [],
    );
  } catch {
    return [];
  }
}

function read(folder: number | string, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${folder}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

function link(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}
