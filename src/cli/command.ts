// The frame of a command: its options, its help, and how it prints.
import { parseArgs } from 'node:util';

import type { Display } from '../report/pieces.js';
import type { Progress } from './progress.js';

/** The parts of the process that a command may use. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream;
  /** How stdout shows text. */
  readonly display: Display;
  /** The lines of the terminal; undefined if stdout is none. */
  readonly rows: number | undefined;
  /** Prints a line on stderr that belongs to the command but is not its result. */
  say(line: string): void;
  /** Prints a problem on stderr, with our name in front. */
  warn(line: string): void;
  /** Shows on a terminal how far work has come that may take long, such as `reading traces`. */
  progress(what: string): Progress;
}

/** A problem that people can solve. The message is the one line that they see. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** An option of a command: how it is parsed, and what `--help` says of it. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** If it is given several times, all values count. */
  readonly multiple?: true;
  /** The name of the value in the help. */
  readonly value?: string;
  readonly help: string;
}

type Options = Readonly<Record<string, Option>>;

type Values<Table extends Options> = {
  readonly [Name in keyof Table]: Table[Name]['type'] extends 'boolean'
    ? boolean
    : Table[Name] extends { multiple: true }
      ? readonly string[]
      : string | undefined;
};

interface Definition<Table extends Options> {
  /** The words after `ostrace`. */
  readonly name: string;
  /** The arguments that are not options, as the help shows them. */
  readonly operands: string;
  readonly about: string;
  readonly options: Table;
  /**
   * Runs the command.
   *
   * @returns the exit code
   */
  run(values: Values<Table>, operands: readonly string[], shell: Shell): Promise<number>;
}

export interface Command {
  help(): string;
  /** @throws CommandError if the command does not take these arguments */
  parse(args: readonly string[]): Parsed;
  /**
   * Parses the arguments and runs the command.
   *
   * @returns the exit code
   */
  start(args: readonly string[], shell: Shell): Promise<number>;
}

/** The arguments of a call: the value of each option, and the arguments that are not options. */
export interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
}

/** Makes a command from its description. Its table of options is used for parsing and for the help. */
export function command<const Table extends Options>(definition: Definition<Table>): Command {
  const help = (): string => helpOf(definition);
  return {
    help,
    parse: (args) => parse(definition, args),
    async start(args, shell) {
      const { values, operands } = parse(definition, args);
      if (values['help'] === true) {
        await print(shell, help());
        return 0;
      }
      return definition.run(values as Values<Table>, operands, shell);
    },
  };
}

/** Writes to stdout and waits until there is room for more. */
export async function print({ stdout }: Shell, text: string | Uint8Array): Promise<void> {
  if (stdout.write(text) || ('destroyed' in stdout && stdout.destroyed === true)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stdout.off('drain', done).off('close', done);
      resolve();
    };
    // A pager that was quit takes no more.
    stdout.on('drain', done).on('close', done);
  });
}

const batchLength = 65_536;

/** Writes many pieces with fewer system calls. */
export async function printAll(shell: Shell, pieces: Iterable<string>): Promise<void> {
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < batchLength) continue;
    await print(shell, batch);
    batch = '';
  }
  if (batch !== '') await print(shell, batch);
}

const helpOption: Option = { type: 'boolean', short: 'h', help: 'Show this help.' };

function parse({ name, operands, options }: Definition<Options>, args: readonly string[]): Parsed {
  const table = { ...options, help: helpOption };
  const config = Object.fromEntries(
    Object.entries(table).map(([key, { type, short, multiple = false }]) => [
      key,
      { type, multiple, ...(short !== undefined && { short }) },
    ]),
  );
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: config, allowPositionals: operands !== '' });
  } catch (error) {
    // Node's message has several lines. The first sentence names the option and never a value.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/);
    throw new CommandError(`${sentence.replace(/\.$/, '')}; see ostrace ${name} --help`);
  }
  const values: Record<string, unknown> = { ...parsed.values };
  for (const [key, { type, multiple }] of Object.entries(table)) {
    values[key] ??= type === 'boolean' ? false : multiple ? [] : undefined;
  }
  return { values, operands: parsed.positionals };
}

const helpWidth = 96;

function helpOf({ name, operands, about, options }: Definition<Options>): string {
  const rows = Object.entries({ ...options, help: helpOption }).map(([key, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    const value = option.value === undefined ? '' : ` ${option.value}`;
    return [`  ${short}--${key}${value}`, option.help] as const;
  });
  const column = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = rows.map(
    ([left, help]) => left.padEnd(column) + wrap(help, helpWidth - column).join(`\n${' '.repeat(column)}`),
  );
  const usage = `Usage: ostrace ${name} [options]${operands === '' ? '' : ` ${operands}`}`;
  const paragraphs = about
    .split('\n\n')
    .map((text) => (text.startsWith('  ') ? text : wrap(text, helpWidth).join('\n')));
  return `${usage}\n\n${paragraphs.join('\n\n')}\n\nOptions:\n${lines.join('\n')}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line += line === '' ? word : ` ${word}`;
    }
  }
  return [...lines, line];
}
