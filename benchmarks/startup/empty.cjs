// A script that does nothing: the first line shows that it ran, and which agents were there before it.
const has = (name) => Symbol.for(name) in globalThis;
console.log(
  JSON.stringify({ ostrace: has('ostrace.profiler.1'), opentelemetry: has('opentelemetry.js.api.1') }),
);
