// What an application can see of a value, as JSON that compares: identities of classes, own properties,
// errors with their stacks. What the agent adds on purpose, and says so in docs/support.md, is left out.
const maxDepth = 5;

// Beside the agent's own: frames that it is called through, that tell of a storage that was entered, or whether
// a promise went on out of a tick or by itself, which is a matter of time.
const foreign = /[\\/]node_modules[\\/]shimmer[\\/]/;
const through =
  /\(?node:(?:internal\/(?:async_(?:local_storage|hooks)|process\/task_queues)|async_hooks|diagnostics_channel)|Reflect\.apply/;

// What V8 calls a frame depends on the property that its function was called through, and for a callback
// that may be another one: its place says as much.
const nameOfFrame = /^(\s+at (?:async )?)(?:.* )?\((.*)\)$/;
// Node prints an error's properties behind the last frame, which may be one of those that are left out.
const properties = /^(\s+at .*) \{$/;

/** A stack without the agent's frames. */
function stackOf(text, agentFiles = process.env.PARITY_AGENT) {
  return text
    .split('\n')
    .filter((line, i, lines) => {
      // Node shows the last line of what two stacks of one report have in common: it may be one of these.
      if (/^\s+\[\.\.\. lines matching/.test(lines[i - 1])) return false;
      if (!/^\s+at /.test(line)) return true;
      const isAgent = agentFiles !== undefined && line.includes(agentFiles);
      return !isAgent && !foreign.test(line) && !through.test(line);
    })
    .map((line) => line.replace(properties, '$1').replace(nameOfFrame, '$1$2'))
    .join('\n');
}

/** The names of a value's classes, from the inside out. */
function classesOf(value) {
  const names = [];
  for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
    names.push(proto.constructor?.name ?? '(no constructor)');
  }
  return names.join(' < ');
}

// The mark on a wrapped function: not enumerable, and named in docs/support.md.
const marks = new Set(['Symbol(ostrace.wrapped)']);

function propertiesOf(fn) {
  return Reflect.ownKeys(fn)
    .filter((name) => !marks.has(String(name)))
    .map((name) => {
      const { enumerable, writable, configurable, value } = Object.getOwnPropertyDescriptor(fn, name);
      return `${String(name)} ${typeof value} ${enumerable} ${writable} ${configurable}`;
    });
}

// The headers that carry a trace: the agent adds them to what a traced request sends to its own hosts.
const carrying = /^x-trace-(?:info|hmac|time)$/i;
const carryingLine = /x-trace-(?:info|hmac|time): [^\r\n]*\r\n/gi;
// Before Node 24 each object with an async context shows that a storage is in use, whoever uses it.
const storeLine = /,\n\s*\[Symbol\(kResourceStore\)\]: [^\n]*?(?=,?\n)/g;
const carried = /^(?:eyJ[\w-]+=*|(?:\d+\.)?[0-9a-f]{40})$/;

/** A list of header names, or of names and values in turn, without them. */
function withoutTrace(list) {
  const isCarrying = (item) => typeof item === 'string' && carrying.test(item);
  return list.filter(
    (item, at) => !isCarrying(item) && !(at > 0 && isCarrying(list[at - 1]) && carried.test(item)),
  );
}

/** A text without what varies from run to run, and without the lines of the headers that carry a trace. */
function plain(text) {
  return text
    .replace(carryingLine, '')
    .replace(storeLine, '')
    .replace(/\bpg_temp_\d+/g, 'pg_temp_N')
    .replace(/\b(127\.0\.0\.1|localhost):\d+/g, '$1:PORT')
    .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, 'DATE');
}

/** @returns a JSON value that is the same for two values which an application cannot tell apart */
function describe(value, depth = 0, above = []) {
  if (value === undefined) return 'undefined';
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return plain(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return `${typeof value} ${String(value)}`;
  if (typeof value === 'function') {
    return {
      function: value.name,
      length: value.length,
      classes: classesOf(value),
      own: propertiesOf(value),
    };
  }
  if (above.includes(value)) return '(circular)';
  if (Buffer.isBuffer(value)) return { buffer: plain(value.toString('latin1')) };
  if (value instanceof Date) return { date: value.toJSON() };
  const members = depth >= maxDepth ? ['(deeper)'] : membersOf(value, depth, [...above, value]);
  if (value instanceof Error) {
    const stack =
      typeof value.stack === 'string' ? plain(stackOf(value.stack)) : describe(value.stack, depth + 1);
    // Not enumerable, and yet what people look at.
    const inner = ['cause', 'errors'].filter(
      (name) => Object.hasOwn(value, name) && !Object.hasOwn(members, name),
    );
    const within = inner.map((name) => [name, describe(value[name], depth + 1, [...above, value])]);
    return {
      error: classesOf(value),
      message: plain(value.message),
      stack,
      members,
      ...Object.fromEntries(within),
    };
  }
  if (Array.isArray(value)) return members;
  return { classes: classesOf(value), members };
}

function membersOf(value, depth, above) {
  if (Array.isArray(value)) return withoutTrace(value).map((item) => describe(item, depth + 1, above));
  return Object.fromEntries(
    withoutTrace(Object.keys(value)).map((name) => {
      const { get, value: member } = Object.getOwnPropertyDescriptor(value, name);
      return [name, get === undefined ? describe(member, depth + 1, above) : '(getter)'];
    }),
  );
}

module.exports = { describe, plain, stackOf };
