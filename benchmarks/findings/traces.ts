// The large traces whose findings are measured.
import type { Event, Info } from '../../src/trace/event.js';

/** The shapes of traces, by the names that the table shows. */
export const shapes = ['siblings', 'nested', 'services'] as const;

export type Shape = (typeof shapes)[number];

const base_id = '0af5b2c4-9d63-4e0f-8a17-5b1c2d3e4f50';
const startedAt = Date.UTC(2026, 0, 1);

/** Makes the events of one trace, with ids and times that are the same each time. */
class Maker {
  readonly events: Event[] = [];
  #micros = 0;
  #ids = 0;
  #idleMs = 0;

  /** How many points there are. */
  get points(): number {
    return this.#ids;
  }

  /** Makes a point, and within its time what is below it. */
  point(
    name: string,
    parent_id: string,
    service: string,
    info: { readonly start: Info; readonly stop?: Info },
    takes: number,
    inner?: (id: string) => void,
  ): void {
    const id = `00000000-0000-4000-8000-${(++this.#ids).toString(16).padStart(12, '0')}`;
    this.#send(`${name}-start`, id, parent_id, service, info.start);
    this.#pass(takes / 2);
    inner?.(id);
    this.#pass(takes / 2);
    this.#send(`${name}-stop`, id, parent_id, service, info.stop ?? {});
  }

  #pass(micros: number): void {
    this.#micros += micros;
    this.#idleMs += micros / 1000 / 2;
  }

  #send(name: string, trace_id: string, parent_id: string, service: string, info: Info): void {
    this.#micros += 3;
    const millis = new Date(startedAt + Math.floor(this.#micros / 1000)).toISOString().slice(0, -1);
    const timestamp = millis + String(Math.floor(this.#micros % 1000)).padStart(3, '0');
    const loop = { id: '1', idle_ms: Math.round(this.#idleMs * 1000) / 1000, turn: this.events.length };
    const ids = { name, base_id, trace_id, parent_id, timestamp };
    this.events.push({
      ...ids,
      info: { ...info, loop, host: `${service}-7d4b9c6f5-x2x8p` },
      project: 'shop',
      service,
    });
  }
}

const request = (path: string): { start: Info; stop: Info } => ({
  start: { request: { path, query: '', method: 'GET', scheme: 'http' } },
  stop: { response: { status_code: 200 } },
});

/** A call of a database with its statement: two points. */
function query(maker: Maker, parent: string, service: string, statement: string, micros: number): void {
  const db = { system: 'postgresql', operation: 'query', name: 'shop', host: '10.0.3.7', port: 5432 };
  const stop = { db: { rows: 1, wait_pool_ms: 0.02 } };
  maker.point('db', parent, service, { start: { db }, stop }, micros, (id) => {
    const start = { db: { system: 'postgresql', statement } };
    maker.point('sql', id, service, { start, stop: { db: { rows: 1 } } }, micros);
  });
}

/** Queries side by side under one request: a loop that asks for each row. */
function siblings(maker: Maker, points: number): void {
  maker.point('wsgi', base_id, 'orders', request('/orders/1'), 100, (root) => {
    while (maker.points + 2 <= points) {
      query(maker, root, 'orders', 'select * from items where order_id = $1', 40);
      // Something for the application to do, so that the queries do not touch.
      maker.point('priced', root, 'orders', { start: { function: { name: 'Basket.priced' } } }, 10);
    }
  });
}

/** The application's own functions, a thousand deep, with queries at each level. */
function nested(maker: Maker, points: number): void {
  const levels = 1000;
  const queries = Math.max(1, Math.round((points / levels - 1) / 2));
  const level = (parent: string, depth: number): void => {
    const start = { function: { name: `Category.level${depth % 7}` } };
    maker.point('visit', parent, 'orders', { start }, 10, (id) => {
      for (let i = 0; i < queries; i++) {
        query(maker, id, 'orders', `select * from categories_${i % 9} where parent = $1`, 30 + (i % 5));
      }
      if (depth < levels && maker.points < points) level(id, depth + 1);
    });
  };
  maker.point('wsgi', base_id, 'orders', request('/categories'), 100, (root) => level(root, 1));
}

const serviceNames = Array.from({ length: 20 }, (_, index) => `service-${index}`);

/** A request that calls twenty services, each of which makes queries and calls the next one. */
function services(maker: Maker, points: number): void {
  const serve = (parent: string, index: number, depth: number): void => {
    const service = serviceNames[index % serviceNames.length]!;
    maker.point('wsgi', parent, service, request(`/things/${index}`), 60, (id) => {
      for (let i = 0; i < 6; i++) {
        query(maker, id, service, `select * from things_${(index + i) % 11} where id = $1`, 40 + i);
      }
      if (depth < 4 && maker.points < points) call(id, service, index + 1, depth + 1);
    });
  };
  const call = (parent: string, service: string, index: number, depth: number): void => {
    const requests = {
      method: 'GET',
      scheme: 'http',
      hostname: `service-${index % serviceNames.length}`,
      port: 80,
      path: `/things/${index}`,
      query: '',
    };
    const stop = { requests: { status_code: 200, signed: true } };
    maker.point('http', parent, service, { start: { requests }, stop }, 200, (id) => serve(id, index, depth));
  };
  maker.point('wsgi', base_id, 'gateway', request('/'), 100, (root) => {
    for (let index = 0; maker.points < points; index++) call(root, 'gateway', index, 0);
  });
}

const makers: Readonly<Record<Shape, (maker: Maker, points: number) => void>> = {
  siblings,
  nested,
  services,
};

/** The events of a trace with about this many points, in the order of their times. */
export function eventsOf(shape: Shape, points: number): Event[] {
  const maker = new Maker();
  makers[shape](maker, points);
  return maker.events;
}
