// What an application can see of a value, as JSON that compares: identities of classes, own properties,
// errors with their stacks. What the agent adds on purpose, and says so in docs/support.md, is left out.
const maxDepth = 5;

// The frames of the agent, and those of Node that it is called through.
const agentFolder = process.env.PARITY_AGENT;
const foreign = /[\\/]node_modules[\\/](?:shimmer|require-in-the-middle)[\\/]/;
const through =
  /\(?node:(?:internal\/async_local_storage|internal\/async_hooks|async_hooks|diagnostics_channel)|Reflect\.apply/;

// What V8 calls a frame depends on the property that its function was called through, and for a callback
// that may be another one: its place says as much.
const nameOfFrame = /^(\s+at (?:async )?)(?:.* )?\((.*)\)$/;
// Node prints an error's properties behind the last frame, which may be one of those that are left out.
const properties = /^(\s+at .*) \{$/;

/** A stack without the agent's frames. */
function stackOf(text) {
  return text
    .split('\n')
    .filter((line, i, lines) => {
      // Of what two stacks of one report have in common, Node shows the last line: it may be one of these.
      if (/^\s+\[\.\.\. lines matching/.test(lines[i - 1])) return false;
      if (!/^\s+at /.test(line)) return true;
      const isAgent = agentFolder !== undefined && line.includes(agentFolder);
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

// shimmer's and our marks on a wrapped function: not enumerable, and named in docs/support.md.
const marks = new Set(['__original', '__unwrap', '__wrapped', 'Symbol(ostrace.wrapped)']);

function propertiesOf(fn) {
  return Reflect.ownKeys(fn)
    .filter((name) => !marks.has(String(name)))
    .map((name) => {
      const { enumerable, writable, configurable, value } = Object.getOwnPropertyDescriptor(fn, name);
      return `${String(name)} ${typeof value} ${enumerable} ${writable} ${configurable}`;
    });
}

/** @returns a JSON value that is the same for two values which an application cannot tell apart */
function describe(value, depth = 0, above = []) {
  if (value === undefined) return 'undefined';
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
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
  if (Buffer.isBuffer(value)) return { buffer: value.toString('latin1') };
  if (value instanceof Date) return { date: value.toJSON() };
  const members = depth >= maxDepth ? ['(deeper)'] : membersOf(value, depth, [...above, value]);
  if (value instanceof Error) {
    const stack = typeof value.stack === 'string' ? stackOf(value.stack) : describe(value.stack, depth + 1);
    return { error: classesOf(value), message: value.message, stack, members };
  }
  if (Array.isArray(value)) return members;
  return { classes: classesOf(value), members };
}

function membersOf(value, depth, above) {
  if (Array.isArray(value)) return value.map((item) => describe(item, depth + 1, above));
  return Object.fromEntries(
    Object.keys(value).map((name) => {
      const { get, value: member } = Object.getOwnPropertyDescriptor(value, name);
      return [name, get === undefined ? describe(member, depth + 1, above) : '(getter)'];
    }),
  );
}

module.exports = { describe, stackOf };
