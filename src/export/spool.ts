// What a store does not take now waits on disk: in files of JSON lines, one folder for each store. Several
// processes may spool for the same store; each writes files of its own, and takes over those of a process
// that is gone.
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';

import type { Line } from '../drivers/driver.js';
import { schemeOf } from '../drivers/index.js';
import { baseIdOf } from './lines.js';

/** Where and how much is spooled. */
export interface SpoolSettings {
  /** The folder of all stores' spools; undefined for one of the user's own below `temporary`. */
  readonly folder: string | undefined;
  readonly temporary: string;
  /** Bytes for each store. */
  readonly size: number;
  /** Seconds. */
  readonly age: number;
}

/** A file of the spool that this process owns. */
export interface Segment {
  readonly path: string;
  /** Whether another process, which is gone, may have stored a part of it. */
  readonly isInherited: boolean;
}

/** Nobody who lives leaves a file of its own untouched for so long. */
const abandonedMs = 60_000;
const scanEveryMs = 10_000;

const extension = '.jsonl';
const nameForm = /^(\d{13})\.[0-9a-f]{12}\.(\d+)\.([^.]*)\.jsonl$/;
const host = hostname().replace(/[^\w-]/g, '_');

/** The spool of one store. All of it is synchronous: it is also the way out of a process that ends. */
export class Spool {
  readonly folder: string;
  readonly #root: string;
  readonly #isDefault: boolean;
  readonly #settings: SpoolSettings;
  readonly #own = new Set<string>();
  #used = 0;
  #scannedAt = -Infinity;
  #isMade = false;

  constructor(connectionString: string, settings: SpoolSettings) {
    this.#settings = settings;
    this.#isDefault = settings.folder === undefined;
    const own = `ostrace-spool-${process.getuid?.() ?? 'user'}`;
    this.#root = resolve(settings.folder ?? join(settings.temporary, own));
    this.folder = join(this.#root, storeKey(connectionString));
  }

  /**
   * Writes lines into a new file, or appends them to one that this process owns and does not read yet.
   *
   * @returns undefined where they are more than the spool may hold
   * @throws Error when the folder can't be written
   */
  write(lines: readonly Line[], onto?: Segment): Segment | undefined {
    const text = `${lines.map((line) => line.text).join('\n')}\n`;
    const bytes = Buffer.byteLength(text);
    this.#makeFolder();
    if (this.#used + bytes > this.#settings.size) this.#scan();
    if (this.#used + bytes > this.#settings.size) return undefined;
    const path = onto?.path ?? this.#newPath();
    const before = sizeOf(path);
    try {
      appendFileSync(path, text, { mode: 0o600 });
    } catch (error) {
      // All or nothing: who calls still has the lines.
      if (before === 0) rmSync(path, { force: true });
      else truncateSync(path, before);
      throw error;
    }
    this.#own.add(path);
    this.#used += bytes;
    return onto ?? { path, isInherited: false };
  }

  /** The lines of a file; none where somebody else took it, who then stores them. */
  read({ path }: Segment): Line[] {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#own.delete(path);
      return [];
    }
    const texts = text.split('\n').filter((line) => line.endsWith('}'));
    return texts.map((each) => ({ base_id: baseIdOf(each), text: each }));
  }

  remove({ path }: Segment): void {
    this.#own.delete(path);
    this.#used -= sizeOf(path);
    try {
      rmSync(path, { force: true });
    } catch {
      // Somebody else cleans up; or it can't be removed, and is stored again some day.
    }
  }

  /** Says that this process lives, and owns its files; to be called a few times a minute. */
  touch(): void {
    const now = new Date();
    for (const path of this.#own) {
      try {
        utimesSync(path, now, now);
      } catch {
        this.#own.delete(path);
      }
    }
  }

  /** Takes over a file of a process that is gone, the oldest first. */
  inherit(): Segment | undefined {
    for (const name of this.#names()) {
      const path = join(this.folder, name);
      if (this.#own.has(path) || !isAbandoned(path, name)) continue;
      const taken = this.#newPath(name.slice(0, 13));
      try {
        renameSync(path, taken);
        utimesSync(taken, new Date(), new Date());
      } catch {
        continue;
      }
      this.#own.add(taken);
      return { path: taken, isInherited: true };
    }
    return undefined;
  }

  /** How many events wait here, of all processes. */
  count(): number {
    let count = 0;
    for (const name of this.#names())
      count += this.read({ path: join(this.folder, name), isInherited: true }).length;
    return count;
  }

  /** Removes what is too old. @returns how many events that were */
  expire(): number {
    const oldest = Date.now() - this.#settings.age * 1000;
    let count = 0;
    for (const name of this.#names()) {
      const path = join(this.folder, name);
      if (Number(name.slice(0, 13)) >= oldest) continue;
      const segment = { path, isInherited: true };
      count += this.read(segment).length;
      this.remove(segment);
    }
    return count;
  }

  #newPath(created = String(Date.now())): string {
    return join(
      this.folder,
      `${created}.${randomBytes(6).toString('hex')}.${process.pid}.${host}${extension}`,
    );
  }

  #names(): string[] {
    try {
      return readdirSync(this.folder)
        .filter((name) => nameForm.test(name))
        .toSorted();
    } catch {
      return [];
    }
  }

  #scan(): void {
    const now = performance.now();
    if (now - this.#scannedAt < scanEveryMs) return;
    this.#scannedAt = now;
    this.#used = 0;
    for (const name of this.#names()) {
      this.#used += sizeOf(join(this.folder, name));
    }
  }

  #makeFolder(): void {
    if (this.#isMade) return;
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    if (this.#isDefault) assertOwn(this.#root);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#isMade = true;
    this.#scan();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Where everybody may make folders, somebody else may have made this one. */
function assertOwn(folder: string): void {
  const found = lstatSync(folder);
  const isOwn = found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
  const isClosed = process.platform === 'win32' || (found.mode & 0o077) === 0;
  if (isOwn && isClosed) return;
  throw new Error(
    `${folder} is not a folder that only this user may enter; remove it, or name another with OSTRACE_SPOOL`,
  );
}

/** One folder for each store, whatever name and password it is used with. */
function storeKey(connectionString: string): string {
  const store = connectionString.replace(/:\/\/[^/]*@/, '://');
  const digest = createHash('sha256').update(store).digest('hex').slice(0, 16);
  return `${schemeOf(connectionString).replace(/[^a-z0-9]/g, '_')}-${digest}`;
}

function isAbandoned(path: string, name: string): boolean {
  const [, , pid, owner] = nameForm.exec(name) ?? [];
  if (owner === host && Number(pid) !== process.pid && !isAlive(Number(pid))) return true;
  try {
    return Date.now() - statSync(path).mtimeMs > abandonedMs;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
