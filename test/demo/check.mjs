// What the trace must be, and whether it is.
import { readFileSync } from 'node:fs';

/** @param takesPart which of the servers that the machine may have */
const expected = ({ mysql, redis, rabbitmq }) =>
  `
shop wsgi
${redis ? '  shop db\n    shop sql\n' : ''}\
  shop db
    shop sql
  shop db
    shop sql
${mysql ? '  shop db\n    shop sql\n' : ''}\
  shop http
    stock wsgi
      stock db
        stock sql
      stock command
  shop rpc
    shop rpc
      shop db
        shop sql
${rabbitmq ? '  shop rpc\n    stock rpc\n      stock db\n        stock sql\n' : ''}\
  shop thread
    shop thread_main
  shop command
    shop process
`.trim();

// Each process and thread has a clock of its own, and the two ends of a connection learn of its end one after
// the other.
const clockToleranceMs = 100;
const hasOwnClock = new Set(['wsgi', 'process', 'thread_main', 'rpc']);

/**
 * Checks that a trace is complete and right: each point started and stopped once, is below its parent and
 * within its parent's time, and begins when the one before it has ended, as the shop does one thing at a time.
 *
 * @param file where the trace is stored
 * @param takesPart which of the servers that the machine may have take part
 * @returns the number of its points
 */
export function checkTrace(file, base_id, takesPart) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const points = pointsOf(lines.map((line) => JSON.parse(line)));
  const drawn = draw(points, base_id, '');
  if (drawn.join('\n') !== expected(takesPart)) {
    throw new Error(`the trace is\n${drawn.join('\n')}\nand should be\n${expected(takesPart)}`);
  }
  if (drawn.length < points.length) throw new Error(`${points.length - drawn.length} points are below none`);
  for (const point of points) checkTimes(point, points);
  return points.length;
}

function pointsOf(events) {
  const points = new Map();
  for (const { name, service, trace_id, parent_id, timestamp, info } of events) {
    const [kind, end] = name.split('-');
    // V8 collects garbage when it wants to.
    if (kind === 'gc') continue;
    const point = points.get(trace_id) ?? { name: kind, service, trace_id, parent_id };
    points.set(trace_id, point);
    if (info.rpc?.kind) point.kind ??= info.rpc.kind;
    if (end in point) throw new Error(`${nameOf(point)} has a second ${end}`);
    if (info.etype) throw new Error(`${nameOf(point)} failed: ${info.etype}: ${info.message}`);
    point[end] = Date.parse(`${timestamp}Z`);
  }
  return [...points.values()].toSorted((a, b) => a.start - b.start);
}

function draw(points, parent_id, indent) {
  return childrenOf(points, parent_id).flatMap((point) => [
    indent + nameOf(point),
    ...draw(points, point.trace_id, `${indent}  `),
  ]);
}

function checkTimes(point, points) {
  if (!(point.start <= point.stop)) throw new Error(`${nameOf(point)} has no end, or ends before it starts`);
  // Nobody waits for what a message's consumer does.
  if (point.kind === 'producer') return;
  let previous = point.start;
  for (const child of childrenOf(points, point.trace_id)) {
    const tolerance = hasOwnClock.has(child.name) ? clockToleranceMs : 0;
    if (child.start < previous - tolerance || child.stop > point.stop + tolerance) {
      throw new Error(`${nameOf(child)} is not within the time that ${nameOf(point)} has for it`);
    }
    previous = child.stop;
  }
}

const childrenOf = (points, id) => points.filter(({ parent_id }) => parent_id === id);

const nameOf = ({ service, name }) => `${service} ${name}`;
