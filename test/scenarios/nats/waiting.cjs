// Handles messages in loops that wait before anything is traced, beside code of others that waits too: a signal for it
// comes in the turn of the first message.
const { profiler } = require('ostrace');

const [name] = process.argv.slice(2);
const { connect } = name === 'nats' ? require('nats') : require('@nats-io/transport-node');
const subject = `ostrace-test-${process.pid}`;

const here = (what) => profiler.trace(what, () => {});

(async () => {
  const nc = await connect({ servers: process.env.NATS_URL });
  let open;
  const signal = new Promise((resolve) => (open = resolve));
  const other = async () => {
    await signal;
    here('foreign');
    await null;
    here('foreign');
  };
  for (let i = 0; i < 3; i++) void other();
  nc.subscribe(`${subject}.*`, { callback: open });
  const loops = Array.from('abc', async (letter) => {
    void other();
    for await (const message of nc.subscribe(`${subject}.${letter}`)) {
      const id = message.string();
      if (id === 'end') break;
      here(`handled ${id}`);
      await null;
      here(`then ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      here(`later ${id}`);
      nc.publish(`${subject}-done`, id);
    }
    here('foreign');
    await null;
    here('foreign');
  });
  await nc.flush();
  console.log(subject);
  await Promise.all(loops);
  here('foreign');
  await nc.close();
})();
