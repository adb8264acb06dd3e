// The spool: events that a store does not accept now wait on disk, in files of JSON lines, with one folder for each
// store. Several processes may spool for the same store. Each writes files of its own, and takes over the files of
// processes that are gone.
import { closeSync, ftruncateSync, lutimesSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { type Opened, makeFolder, openToWrite } from '../drivers/careful-files.js';
import type { Line } from '../drivers/driver.js';
import { linesOf } from '../drivers/file/lines.js';
import { isPassing } from '../trace/passing.js';
import { baseIdOf } from './lines.js';
import { isAbandoned, isMarked, newMark, newName, segmentsIn, sizeOf, storeKey } from './spool-names.js';
import { findRoot, isOwn, makeRoot } from './spool-root.js';

/** The place and the limits of the spool. */
export interface SpoolSettings {
  /** The folder of all stores' spools; undefined for a folder of the user below `temporary`. */
  readonly folder: string | undefined;
  readonly temporary: string;
  /** In bytes, for each store. */
  readonly size: number;
  /** Seconds. */
  readonly age: number;
  /** The broker for `messaging://`, which names none itself. */
  readonly transportUrl: string | undefined;
}

/** A file of the spool that this process owns. */
export interface Segment {
  readonly path: string;
  /** Whether another process, which is gone, may have stored a part of it. */
  readonly isInherited: boolean;
}

// Others may be allowed to write there, so the size of a file is checked before it is read. No process leaves this
// much behind in one file.
const mostBytes = 64 * 1024 * 1024;
const mostLines = 500_000;

/** Looking through many files takes at most one part in this many of the time. */
const scanRest = 20;

/** The spool of one store. All of it is synchronous, because a process that ends uses it too. */
export class Spool {
  readonly #key: string;
  readonly #settings: SpoolSettings;
  readonly #mark: string;
  readonly #own = new Set<string>();
  #root: string;
  #used = 0;
  #scanAgainAt = 0;
  #isMade = false;

  /** @param mark of the exporter whose spool it is */
  constructor(connectionString: string, settings: SpoolSettings, mark = newMark()) {
    this.#settings = settings;
    this.#mark = mark;
    this.#key = storeKey(connectionString, settings.transportUrl);
    this.#root = resolve(settings.folder ?? findRoot(settings.temporary));
  }

  get folder(): string {
    return join(this.#root, this.#key);
  }

  /**
   * Writes lines into a new file, or appends them to a file that this process owns and does not read yet.
   *
   * @returns undefined if the spool may not hold so much
   * @throws Error if the folder cannot be written
   */
  write(lines: readonly Line[], onto?: Segment): Segment | undefined {
    const text = `${lines.map((line) => line.text).join('\n')}\n`;
    const bytes = Buffer.byteLength(text);
    this.#makeFolder();
    // Checked with each new file, because other processes may have written many.
    if (onto === undefined || this.#used + bytes > this.#settings.size) this.#scan();
    if (this.#used + bytes > this.#settings.size) return undefined;
    const path = onto?.path ?? this.#newPath();
    this.#append(path, text);
    this.#own.add(path);
    this.#used += bytes;
    return onto ?? { path, isInherited: false };
  }

  /**
   * The lines of a file; none if another process took it, which then stores them.
   *
   * @throws Error if it cannot be read, or holds more than any file of ours
   */
  read({ path }: Segment): Line[] {
    const lines: Line[] = [];
    try {
      for (const text of linesOf(path, Math.max(mostBytes, this.#settings.size))) {
        if (text?.endsWith('}') !== true) continue;
        if (lines.length === mostLines) throw new Error(`${path} has more than ${mostLines} lines`);
        lines.push({ base_id: baseIdOf(text), text });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#own.delete(path);
    }
    return lines;
  }

  remove({ path }: Segment): void {
    this.#own.delete(path);
    this.#used -= sizeOf(path);
    try {
      rmSync(path, { force: true });
    } catch {
      // Another process cleans up. Or the file cannot be removed, and its events will be stored once more.
    }
  }

  /** Shows that this process lives and owns its files. It must be called a few times a minute. */
  touch(): void {
    const now = new Date();
    for (const path of this.#own) {
      try {
        lutimesSync(path, now, now);
      } catch {
        this.#own.delete(path);
      }
    }
  }

  /** Takes over a file of a gone process, the oldest first. */
  inherit(): Segment | undefined {
    return this.#takeOver(isAbandoned);
  }

  /** Takes over a file of this exporter that its previous thread left behind. */
  reclaim(): Segment | undefined {
    return this.#takeOver((_path, name) => isMarked(name, this.#mark));
  }

  #takeOver(isFree: (path: string, name: string) => boolean): Segment | undefined {
    for (const name of this.#names()) {
      const path = join(this.folder, name);
      if (this.#own.has(path) || !isFree(path, name)) continue;
      const taken = this.#newPath(name.slice(0, 13));
      try {
        renameSync(path, taken);
        lutimesSync(taken, new Date(), new Date());
      } catch {
        continue;
      }
      this.#own.add(taken);
      return { path: taken, isInherited: true };
    }
    return undefined;
  }

  /** How many events of all processes wait here. */
  count(): number {
    let count = 0;
    for (const name of this.#names()) count += this.countIn({ path: join(this.folder, name) });
    return count;
  }

  /** How many events wait in the files of this exporter. */
  countMarked(): number {
    const names = this.#names().filter((name) => isMarked(name, this.#mark));
    return names.reduce((sum, name) => sum + this.countIn({ path: join(this.folder, name) }), 0);
  }

  /**
   * How many events of a file are neither in it nor taken over by another process: somebody has removed or
   * truncated it.
   *
   * @param count how many were written
   * @param bytes how long it must be at least; if it is that long, it is not read
   */
  missingIn(segment: Segment, count: number, bytes: number): number {
    const size = sizeOf(segment.path);
    if (size >= bytes) return 0;
    if (size === 0) return this.missing(segment, count, 0);
    try {
      return Math.max(0, count - this.read(segment).length);
    } catch (error) {
      return isPassing(error) ? 0 : count;
    }
  }

  /** The same, when it is known how many events were found. */
  missing({ path }: Segment, count: number, found: number): number {
    if (found >= count) return 0;
    return found === 0 && sizeOf(path) === 0 && this.#isElsewhere(basename(path)) ? 0 : count - found;
  }

  /**
   * Whether a missing file was taken by another process, or removed by a process that has counted it as too old.
   */
  #isElsewhere(gone: string): boolean {
    const created = gone.slice(0, 13);
    const isTaken = (name: string): boolean =>
      name !== gone && name.startsWith(created) && !isMarked(name, this.#mark);
    return Number(created) < this.#oldest || this.#names().some(isTaken);
  }

  /**
   * Removes files that are too old.
   *
   * @returns how many events they held
   */
  expire(): number {
    const oldest = this.#oldest;
    let count = 0;
    for (const name of this.#names()) {
      const path = join(this.folder, name);
      if (Number(name.slice(0, 13)) >= oldest) continue;
      count += this.countIn({ path });
      this.remove({ path, isInherited: true });
    }
    return count;
  }

  /** A file that cannot be read counts as one event: it holds at least one. */
  countIn({ path }: Pick<Segment, 'path'>): number {
    try {
      return this.read({ path, isInherited: true }).length;
    } catch {
      return 1;
    }
  }

  /** Writes everything or nothing, because the caller still has the lines. */
  #append(path: string, text: string): void {
    const { fd, size } = this.#open(path);
    try {
      writeFileSync(fd, text);
    } catch (error) {
      if (size === 0) rmSync(path, { force: true });
      else ftruncateSync(fd, size);
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  #open(path: string): Opened {
    try {
      return openToWrite(path, false);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    // Systems clear the folder for temporary files, also while processes use it.
    this.#isMade = false;
    this.#makeFolder();
    return openToWrite(path, false);
  }

  #newPath(created = String(Date.now())): string {
    return join(this.folder, newName(created, this.#mark));
  }

  #names(): string[] {
    return this.#isDefault && !isOwn(this.#root) ? [] : segmentsIn(this.folder);
  }

  #scan(): void {
    const now = performance.now();
    if (now < this.#scanAgainAt) return;
    this.#used = 0;
    for (const name of this.#names()) {
      this.#used += sizeOf(join(this.folder, name));
    }
    this.#scanAgainAt = performance.now() + scanRest * (performance.now() - now);
  }

  /** Files that were created before this time are too old. */
  get #oldest(): number {
    return Date.now() - this.#settings.age * 1000;
  }

  get #isDefault(): boolean {
    return this.#settings.folder === undefined;
  }

  #makeFolder(): void {
    if (this.#isMade) return;
    if (this.#isDefault) {
      this.#root = makeRoot(this.#settings.temporary);
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    } else makeFolder(this.folder, false);
    this.#isMade = true;
    this.#scan();
  }
}
