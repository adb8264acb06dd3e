// A consumer of messages that were sent within a trace, by `profiler.continue`.
module.exports = async function consume({ profiler }) {
  const { createHmac } = require('node:crypto');
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const seen = { forms: {}, refused: {} };
  const fail = () => {
    throw new TypeError('sync');
  };
  function* endless() {
    for (;;) yield ['x', 'y'];
  }
  const where = () => profiler.get()?.id;
  let sent;
  let stranger;
  let sender;
  await (async () => {
    await null;
    profiler.init('test-key');
    profiler.start('producer');
    sent = profiler.traceHeaders();
    sender = where();
    profiler.stop();
    profiler.clean();
  })();
  const { 'X-Trace-Info': signed } = sent;
  stranger = {
    ...sent,
    'X-Trace-HMAC': createHmac('sha1', 'another-key').update(String(signed)).digest('hex'),
  };
  const pairs = Object.entries(sent);
  const bytes = pairs.map(([name, value]) => [name, Buffer.from(value)]);
  const lower = pairs.map(([name, value]) => [name.toLowerCase(), value]);
  const forms = {
    object: sent,
    'lower case': Object.fromEntries(lower),
    'upper case': Object.fromEntries(pairs.map(([name, value]) => [name.toUpperCase(), value])),
    'bytes, as Kafka’s': Object.fromEntries(bytes),
    'Uint8Array in a Map': new Map(bytes.map(([name, value]) => [name, new Uint8Array(value)])),
    Headers: new Headers(sent),
    Map: new Map(pairs),
    pairs,
    'pairs of bytes': bytes,
    'lists, as those of NATS': new Map(pairs.map(([name, value]) => [name, [value]])),
    'an object for each, as librdkafka’s': bytes.map(([name, value]) => ({ [name]: value })),
    'key and value': bytes.map(([key, value]) => ({ key, value })),
    rawHeaders: pairs.flat(),
    'gRPC’s metadata': { get: (name) => lower.filter(([own]) => own === name).map(([, value]) => value) },
    'no prototype, among others': Object.assign(Object.create(null), { 'content-type': 'x', n: 1 }, sent),
  };
  for (const [form, headers] of Object.entries(forms)) {
    seen.forms[form] = await profiler.continue(headers, async () => {
      await later(1);
      const at = where();
      return profiler.trace(form, () => at);
    });
  }
  seen.long = await profiler.continue(sent, async () => {
    await later(1700);
    return profiler.trace('long', where) !== undefined;
  });

  // Within another trace: the consumer may have been started by a request.
  await (async () => {
    await null;
    profiler.init('test-key');
    const surrounding = where();
    const [info = 'X-Trace-Info', hmac = 'X-Trace-HMAC', time = 'X-Trace-Time'] = Object.keys(sent);
    const refused = {
      none: {},
      nothing: undefined,
      null: null,
      text: 'X-Trace-Info',
      'another key': stranger,
      'no signature': { [info]: sent[info] },
      'no info': { [hmac]: sent[hmac] },
      damaged: { ...sent, [info]: `A${String(sent[info]).slice(1)}` },
      twice: [...pairs, ...pairs],
      'twice, in other letters': { ...sent, ...Object.fromEntries(lower) },
      'two values': { ...sent, [info]: [sent[info], sent[info]] },
      endless: { ...sent, [info]: 'A'.repeat(1e7) },
      'endless bytes': { ...sent, [info]: Buffer.alloc(1e7) },
      'behind thousands': [...Array.from({ length: 5000 }, (_, i) => [`x${i}`, '']), ...pairs],
      'endless pairs': endless(),
      throwing: new Proxy({}, { ownKeys: fail, has: fail }),
      'a throwing getter': Object.defineProperty({}, info, { get: fail, enumerable: true }),
      'a throwing get': { get: fail },
      'odd values': { [info]: 7, [hmac]: Symbol('x'), [time]: {} },
    };
    for (const [what, headers] of Object.entries(refused)) {
      seen.refused[what] = await profiler.continue(headers, async () => {
        await null;
        return [where() ?? 'outside', profiler.trace('refused', () => 'ran')];
      });
    }
    seen.others = await profiler.continue(sent, async () => (await later(1), where() === sender));
    seen.surrounding = where() === surrounding;
    profiler.clean();
  })();

  const value = { query: 1 };
  seen.same = profiler.continue(sent, () => value) === value && profiler.continue({}, () => value) === value;
  const failing = async (body) => {
    try {
      return await body();
    } catch (error) {
      return error.message;
    }
  };
  seen.failures = [
    await failing(() => profiler.continue(sent, fail)),
    await failing(() => profiler.continue({}, fail)),
    await failing(() => profiler.continue(sent, async () => fail())),
  ];
  seen.forms = Object.values(seen.forms).filter((at) => at !== sender).length;
  seen.refused = Object.entries(seen.refused).filter(([, got]) => String(got) !== 'outside,ran');
  seen.after = where() === undefined;
  console.log(JSON.stringify({ ...seen, sender, names: Object.keys(forms) }));
};
if (require.main === module) void module.exports(require('ostrace'));
