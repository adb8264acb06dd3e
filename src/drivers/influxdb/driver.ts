// The layout is ours: OSProfiler has no driver for InfluxDB. Written and read by the paths of version 1, which
// versions 2 and 3 have too.
import type { Event } from '../../trace/event.js';
import { count } from '../../trace/count.js';
import { isUuid } from '../../trace/ids.js';
import { parseEvent } from '../../trace/parse.js';
import { type Driver, DriverError, type DriverSettings, type StoredTrace, WriteError } from '../driver.js';
import { decoded } from '../decoded.js';
import { HttpError } from '../http/errors.js';
import { inParts, openHttp } from '../http/client.js';
import { measurements, pointsOf } from './points.js';
import { newestFirst } from '../trace-list.js';
import { type Row, createQuery, refusedIn } from './query.js';

const scheme = 'influxdb';

/**
 * Opens a database of InfluxDB: a measurement of events and one of the traces with a failed point.
 *
 * @param connectionString `influxdb://` or, with TLS, `influxdb+https://`, a user and a password or, with an
 *   empty user, a token, a host, a port (8086) and the database; `?token=` is a token too, `?rp=` a retention
 *   policy
 * @throws DriverError for a connection string that is none, or that names no database
 */
export function openInfluxdbDriver(connectionString: string, settings: DriverSettings): Driver {
  const http = openHttp(connectionString, {
    secureScheme: `${scheme}+https`,
    defaultPort: 8086,
    keyScheme: 'Token',
    parameters: ['token', 'rp'],
  });
  const [database = ''] = http.path.split('/').slice(-1);
  if (database === '') {
    throw new DriverError(`${http.label} names no database; expected ${scheme}://host:8086/database`, {
      isCertain: true,
    });
  }
  const folder = http.path.slice(0, -database.length - 1);
  const policy = http.parameters.get('rp');
  // The path's name is percent-encoded already.
  const target = `db=${database}${policy === undefined ? '' : `&rp=${encodeURIComponent(policy)}`}`;
  const query = createQuery(http, `${folder}/query?${target}`);
  const write = (body: string): Promise<unknown> =>
    http.send({ method: 'POST', path: `${folder}/write?${target}&precision=ns`, type: 'text/plain', body });

  return {
    // A point with the same tags and time is the same point, so it does not matter what an earlier attempt stored.
    async write(lines) {
      const { points, refused } = pointsOf(lines, settings);
      const rejected = { lines: refused, reason: refused > 0 ? 'a line is no event' : '' };
      const store = async (part: readonly string[]): Promise<void> => {
        try {
          if (part.length > 0) await write(part.join('\n'));
        } catch (error) {
          const dropped = error instanceof HttpError ? refusedIn(error, part.length) : undefined;
          if (dropped === undefined) throw error;
          rejected.lines += dropped;
          rejected.reason = (error as HttpError).reason;
        }
      };
      await inParts(points, store);
      if (rejected.lines === 0) return;
      throw new WriteError(
        `${http.label} refuses a part: ${rejected.reason}`,
        Math.min(rejected.lines, lines.length),
        [],
      );
    },

    async list() {
      const rows = await query(`SELECT FIRST("data") FROM "${measurements.events}" GROUP BY "base_id"`);
      return newestFirst(
        rows.map(({ base_id, text }) => ({ base_id, timestamp: parseEvent(text)?.timestamp })),
      );
    },

    async listErrors() {
      const rows = await query(`SELECT LAST("timestamp") FROM "${measurements.errors}" GROUP BY "base_id"`);
      return newestFirst(rows.map(({ base_id, text }) => ({ base_id, timestamp: text })));
    },

    async read(base_id) {
      if (!isUuid(base_id)) return undefined;
      const rows = await query(`SELECT "data" FROM "${measurements.events}" WHERE "base_id" = '${base_id}'`);
      return traceOf(base_id, rows);
    },

    async check() {
      // Asks for the right to write, and for the database.
      await write('');
      const { length } = await this.list();
      return `${count(length, 'trace')} in the database ${decoded(database)} at ${http.label}`;
    },

    close: () => http.close(),
  };
}

function traceOf(base_id: string, rows: readonly Row[]): StoredTrace | undefined {
  const events: Event[] = [];
  let skipped = 0;
  // What was stored again from a spool may have got another time within its microsecond.
  for (const text of new Set(rows.map((row) => row.text))) {
    const event = parseEvent(text);
    if (event?.base_id === base_id) events.push(event);
    else skipped++;
  }
  return rows.length === 0 ? undefined : { events, skipped };
}
