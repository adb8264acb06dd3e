// The events that the benchmark of stores writes.
import type { Line } from '../../src/drivers/driver.js';
import type { Info } from '../../src/trace/event.js';
import { newId } from '../../src/trace/ids.js';

/** This many lines, as an application's traces come: whole traces, of which the last may be cut. */
export function linesOf(count: number): Line[] {
  const lines: Line[] = [];
  while (lines.length < count) lines.push(...traceLines(lines.length));
  return lines.slice(0, count);
}

/** A trace of 28 events. */
function traceLines(seed: number): Line[] {
  const base_id = newId();
  const lines: Line[] = [];
  let micros = (Date.now() % 86_400_000) * 1000 + (seed % 1000);
  const timestamp = (): string => {
    micros += 37;
    const date = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 + Math.floor(micros / 1000));
    return date.toISOString().slice(0, -1) + String(micros % 1000).padStart(3, '0');
  };
  const send = (name: string, trace_id: string, parent_id: string, info: Info, service: string): void => {
    const ids = { name, base_id, trace_id, parent_id, timestamp: timestamp() };
    const event = { ...ids, info: { ...info, host: `${service}-7d4b9c6f5-x2x8p` }, project: 'shop', service };
    lines.push({ base_id, text: JSON.stringify(event) });
  };
  const point = (
    name: string,
    parent_id: string,
    start: Info,
    stop: Info,
    inner?: (id: string) => void,
  ): void => {
    const service = depth === 0 ? 'orders' : 'stock';
    const id = newId();
    send(`${name}-start`, id, parent_id, start, service);
    inner?.(id);
    send(`${name}-stop`, id, parent_id, stop, service);
  };
  let depth = 0;
  const query = (parent_id: string, statement: string): void => {
    const db = { system: 'postgresql', operation: 'query', name: 'shop', host: '10.0.3.7', port: 5432 };
    point('db', parent_id, { db }, { db: { rows: seed % 7 } }, (id) => {
      point('sql', id, { db: { system: 'postgresql', statement } }, { db: { rows: seed % 7 } });
    });
  };
  const serve = (parent_id: string, path: string, inner: (id: string) => void): void => {
    const request = { path, query: 'full=1', method: 'GET', scheme: 'http' };
    point('wsgi', parent_id, { request }, { response: { status_code: 200 } }, inner);
  };
  serve(base_id, `/orders/${seed}`, (root) => {
    query(root, 'SELECT id, customer, total, placed_at FROM orders WHERE id = $1 AND deleted_at IS NULL');
    query(root, 'SELECT sku, quantity, price FROM order_lines WHERE order_id = $1 ORDER BY line');
    point('priced', root, { function: { name: 'Basket.priced' } }, {});
    const requests = {
      method: 'GET',
      scheme: 'http',
      hostname: 'stock',
      port: 80,
      path: '/stock/42',
      query: '',
    };
    point('http', root, { requests }, { requests: { status_code: 200 } }, (outgoing) => {
      depth = 1;
      serve(outgoing, '/stock/42', (inner) => {
        query(inner, 'SELECT sku, warehouse, on_hand - reserved AS free FROM stock WHERE sku = ANY($1)');
        query(inner, 'UPDATE stock SET seen_at = now() WHERE sku = ANY($1)');
      });
      depth = 0;
    });
    point(
      'command',
      root,
      { command: { file: 'wkhtmltopdf', shell: false } },
      { command: { pid: 4711, exit_code: 0 } },
    );
    point('rendered', root, { function: { name: 'Receipt.rendered' } }, {});
  });
  return lines;
}
