// The forms in which a trace is printed, and where they go.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { StoredTrace } from '../drivers/driver.js';
import { findingsOf } from '../report/findings/findings.js';
import { reportedFindings } from '../report/findings/json.js';
import { stringifyDot } from '../report/formats/dot.js';
import { renderMarkdown } from '../report/formats/markdown.js';
import { stringifyPerfetto } from '../report/formats/perfetto.js';
import { stringifyReport } from '../report/json.js';
import type { Display } from '../report/pieces.js';
import { buildReport } from '../report/report.js';
import { buildTree } from '../report/tree.js';
import { CommandError, type Option, type Shell } from './command.js';
import { openFile } from './open-file.js';
import { printPaged } from './pager.js';
import { stringifyOtlp } from './otlp.js';
import { writeToFile } from './output.js';
import { stringifyPage } from './page-file.js';
import { type View, renderTrace, viewFrom, type viewOptions } from './view.js';

interface Format {
  /** The end of a file's name. */
  readonly ending: string;
  write(stored: StoredTrace, view: View, display: Display): Iterable<string>;
}

/** For people on a terminal. */
const text: Format = {
  ending: 'txt',
  write: ({ events }, view, display) => renderTrace(events, display, view),
};

/** The other forms, by the names of their options. */
const formats = {
  json: {
    ending: 'json',
    write: ({ events, reported }, { mostFindings }) => {
      const beside = mostFindings === undefined ? {} : reportedFindings(findingsOf(buildTree(events)));
      return stringifyReport(buildReport(events, reported), beside);
    },
  },
  html: { ending: 'html', write: (stored) => stringifyPage(stored) },
  markdown: { ending: 'md', write: ({ events }, view) => renderMarkdown(buildTree(events), view) },
  perfetto: { ending: 'perfetto.json', write: ({ events }) => stringifyPerfetto(buildTree(events)) },
  otlp: { ending: 'otlp.json', write: ({ events }) => stringifyOtlp(buildTree(events)) },
  dot: { ending: 'dot', write: ({ events, reported }) => stringifyDot(buildReport(events, reported)) },
} as const satisfies Readonly<Record<string, Format>>;

type FormatName = keyof typeof formats;

export const formatOptions = {
  json: {
    type: 'boolean',
    help: "Print OSProfiler's report, as osprofiler trace show --json does, with the findings and the critical path in keys of their own; --no-findings leaves these out.",
  },
  html: {
    type: 'boolean',
    help: 'Print a page of HTML that shows the trace in a browser: what was found, a waterfall, search, all events. It is one file, which needs no server and asks nobody for anything.',
  },
  markdown: { type: 'boolean', help: 'Print Markdown, for an issue or a chat.' },
  perfetto: {
    type: 'boolean',
    help: 'Print Trace Event JSON, which ui.perfetto.dev and chrome://tracing draw on a timeline.',
  },
  otlp: { type: 'boolean', help: "Print OpenTelemetry's spans: OTLP's request for traces, as JSON." },
  dot: { type: 'boolean', help: "Print Graphviz's language, as osprofiler trace show --dot does." },
  out: {
    type: 'string',
    value: 'FILE',
    help: 'Write into this file instead of stdout, without colours. A file that is there is replaced when the new one is complete.',
  },
  open: {
    type: 'boolean',
    help: "Open that file with the desktop's program for it. Without --out, it is a file in the folder for temporary files.",
  },
} as const satisfies Readonly<Record<FormatName | 'out' | 'open', Option>>;

const { json: _json, ...besideOutput } = formatOptions;

/**
 * The options of commands that print a trace after something else. `--json` is not among them: curl's means something
 * else.
 */
export const showFormatOptions = besideOutput;

type ShownValues = Readonly<
  Record<Exclude<FormatName, 'json'> | 'open' | 'show' | keyof typeof viewOptions, boolean>
> & {
  readonly out: string | undefined;
};

/**
 * How a command prints a trace after something else.
 *
 * @param other what stdout has already: it is not mixed with what programs read
 * @throws CommandError if the options exclude each other
 */
export function shownFrom(values: ShownValues, other: string): Output {
  const output = outputFrom({ ...values, json: false });
  const { format, out, isOpened } = output;
  const names = Object.keys(formats) as FormatName[];
  const name = names.find((each) => formats[each] === format);
  const option = name ?? (isOpened ? 'open' : 'out');
  const isAsked = name !== undefined || out !== undefined || isOpened;
  if (isAsked && !values.show) {
    throw new CommandError(`--${option} is about the trace, which --show prints; give --show too`);
  }
  const isForPeople = name === undefined || name === 'markdown';
  if (!isForPeople && out === undefined && !isOpened) {
    throw new CommandError(`stdout has ${other}; give --${option} a file by --out, or --open`);
  }
  return output;
}

/** How a trace is printed, and where. */
export interface Output {
  readonly format: Format;
  readonly view: View;
  /** Undefined for stdout. */
  readonly out: string | undefined;
  readonly isOpened: boolean;
}

/** @throws CommandError if several forms are asked for, or options exclude each other */
export function outputFrom(
  values: Readonly<Record<FormatName | 'open' | keyof typeof viewOptions, boolean>> & {
    readonly out: string | undefined;
  },
): Output {
  const [name, ...others] = (Object.keys(formats) as FormatName[]).filter((each) => values[each]);
  if (others.length > 0) {
    const named = [name, ...others].map((each) => `--${each}`).join(' and ');
    throw new CommandError(`${named} are different formats; give one of them`);
  }
  return {
    format: name === undefined ? text : formats[name],
    view: viewFrom(values),
    out: fileFrom(values.out),
    isOpened: values.open,
  };
}

/** How a trace is drawn while it grows; undefined if it is for no people on a terminal. */
export function drawing(
  shell: Shell,
  { format, view, out, isOpened }: Output,
): ((stored: StoredTrace) => Iterable<string>) | undefined {
  if (format !== text || out !== undefined || isOpened) return undefined;
  return (stored) => text.write(stored, view, shell.display);
}

/** The same, without a pager. */
export const unpaged = (output: Output): Output => ({ ...output, view: { ...output.view, isPaged: false } });

/** @throws CommandError if the file that is asked for has no name */
export function fileFrom(out: string | undefined): string | undefined {
  if (out === '') throw new CommandError('--out is ""; expected the name of a file');
  return out;
}

/** Prints a trace of which at least one event is known. */
export async function printTrace(
  shell: Shell,
  base_id: string,
  stored: StoredTrace,
  { format, view, out, isOpened }: Output,
): Promise<void> {
  const write = (display: Display): Iterable<string> => format.write(stored, view, display);
  await deliver(shell, `trace-${base_id.slice(0, 8)}.${format.ending}`, write, {
    out,
    isOpened,
    isPaged: view.isPaged,
  });
}

/**
 * Writes to stdout or into a file, and opens that.
 *
 * @param name of a file in the folder for temporary files, if one is opened and none is named
 */
export async function deliver(
  shell: Shell,
  name: string,
  write: (display: Display) => Iterable<string>,
  { out, isOpened, isPaged = false }: Pick<Output, 'out' | 'isOpened'> & { readonly isPaged?: boolean },
): Promise<void> {
  const file = out ?? (isOpened ? await temporary(name) : undefined);
  if (file === undefined) {
    await printPaged(shell, write(shell.display), isPaged);
    return;
  }
  await writeToFile(file, write({ width: undefined, colour: false }));
  if (!isOpened) return;
  shell.say(`opening ${file}`);
  await openFile(shell, resolve(file));
}

/** Nobody else may read it, or know its name before it is there. */
async function temporary(name: string): Promise<string> {
  // A saved file may say anything where its trace's id should be.
  return join(await mkdtemp(join(tmpdir(), 'ostrace-')), name.replaceAll(/[^\w.-]/g, '_'));
}
