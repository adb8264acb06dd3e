// Asks InfluxDB for events, and reads what it answers.
import { DriverError } from '../driver.js';
import { type HttpError, cutToLine } from '../http/errors.js';
import type { HttpClient } from '../http/client.js';
import { answerBytes } from '../intake.js';

/** A text and the trace that it belongs to, where the query asked for that. */
export interface Row {
  readonly base_id: string | undefined;
  readonly text: string;
}

interface Answer {
  readonly error?: unknown;
  readonly results?: readonly {
    readonly error?: unknown;
    readonly series?: readonly {
      readonly tags?: { readonly base_id?: string };
      readonly values?: readonly (readonly unknown[])[];
    }[];
  }[];
}

/** Asks with InfluxQL for one text with each time. */
export function createQuery(http: HttpClient, path: string): (query: string) => Promise<readonly Row[]> {
  return async (query) => {
    // In chunks a server answers whole: without, some have a limit of 10,000 rows.
    const parameters = `&chunked=true&chunk_size=10000&q=${encodeURIComponent(query)}`;
    const { body } = await http.send({
      method: 'GET',
      path: path + parameters,
      limit: answerBytes.read,
    });
    const rows: Row[] = [];
    for (const line of body.toString().split('\n')) {
      if (line.trim() !== '') addRows(rows, line, http.label);
    }
    return rows;
  };
}

/** @throws DriverError for an answer that tells of a problem, or that is none of InfluxDB's */
function addRows(rows: Row[], line: string, label: string): void {
  let problem: unknown;
  try {
    const { error, results = [] } = JSON.parse(line) as Answer;
    problem = error ?? results.find((result) => result.error !== undefined)?.error;
    for (const { tags, values = [] } of results.flatMap(({ series = [] }) => series)) {
      for (const [, text] of values) {
        if (typeof text === 'string') rows.push({ base_id: tags?.base_id, text });
      }
    }
  } catch (error) {
    throw new DriverError(`what answers at ${label} is no InfluxDB; check the port`, { cause: error });
  }
  if (problem === undefined) return;
  // InfluxDB's own problems are texts. Anything else may be nested too deep to be made one.
  const reason = typeof problem === 'string' ? cutToLine(problem) : 'it gives no reason';
  throw new DriverError(`${label} cannot be read: ${reason}`);
}

/**
 * How many points a server has refused for good; the others of the request are stored.
 *
 * @returns undefined where the request may be right later, or may be cut in halves
 */
export function refusedIn({ status, isForGood, body }: HttpError, points: number): number | undefined {
  if (!isForGood || (status === 413 && points > 1)) return undefined;
  const text = body.toString();
  const dropped = /partial write.*dropped=(\d+)/s.exec(text)?.[1];
  if (dropped !== undefined) return Number(dropped);
  try {
    // Version 3 names each line.
    const { data } = JSON.parse(text) as { data?: unknown };
    if (Array.isArray(data)) return data.length;
  } catch {
    // Version 2 may answer with text.
  }
  return points;
}
