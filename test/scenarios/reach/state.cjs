// Whether the agent is on in this thread, or process.
exports.isOn = Object.getOwnPropertySymbols(globalThis).some((symbol) =>
  String(symbol).includes('ostrace.profiler'),
);
