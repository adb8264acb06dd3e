/* oxlint-disable unicorn/no-instanceof-builtins -- it is what is asked */
// Calls everything in all ways, and prints what an application can see of it.
const util = require('node:util');

exports.use = async function use(things, main, profiler) {
  const { Driver, Made, Own, functions, service, charge, withCallback, Old, createClient, connect } = things;
  const say = (...what) => console.log(util.inspect(what, { depth: 4, breakLength: Infinity }));
  const step = (name, fn) => profiler.trace(name, fn);

  const shapeOf = (fn) => [
    fn.name,
    fn.length,
    // V8 gives old functions two more, in no order.
    Object.getOwnPropertyNames(fn)
      .filter((name) => !/^__(?:original|unwrap|wrapped)$/.test(name))
      .toSorted(),
    Object.keys(fn),
    fn.constructor.name,
    Object.prototype.toString.call(fn),
  ];
  say(
    Object.values(functions).map(shapeOf),
    [charge, withCallback, Old, Made, Driver, createClient].map(shapeOf),
  );
  say(
    Object.getOwnPropertyNames(Driver.prototype)
      .map((name) => [name, Object.getOwnPropertyDescriptor(Driver.prototype, name).enumerable])
      .filter(([name]) => name !== 'inherited'),
  );

  const driver = Driver.open('d');
  await step('methods', async () => {
    say(driver, driver instanceof Driver, driver.constructor === Driver, driver.size, driver.other);
    say(driver.over('x'), driver.inherited(), driver.leftAlone(), driver._hidden(), await driver.wait('w'));
    for (const how of ['sync', 'async']) {
      try {
        await driver.fail(how);
      } catch (error) {
        say(error.name, error.message);
      }
    }
  });
  await step('iterators', async () => {
    const generator = driver.numbers(3);
    say(
      [...generator],
      generator[Symbol.toStringTag],
      Object.keys(generator),
      util.types.isGeneratorObject(generator),
    );
    for (const each of driver.numbers(10)) if (each === 1) break;
    for await (const each of driver.pages(2)) say(each);
    for await (const each of functions.iterator(2)) say(each);
    say(driver.numbers(1).next());
  });
  await step('values', async () => {
    const given = Promise.resolve(1);
    const own = functions.own(1);
    const thenable = functions.thenable(5);
    say(
      functions.same(given) === given,
      own instanceof Own,
      thenable.asked,
      await own,
      await thenable,
      thenable.asked,
    );
    const [same, null_] = [functions.same('x'), functions.same(null)];
    say(
      same,
      null_,
      functions.self() === functions,
      await functions.promise(1),
      functions.defaults(1, undefined, 5),
    );
    say(await util.promisify(functions.promise)(), Reflect.apply(functions.self, 'me', []) instanceof String);
    say(service.work(), service.work(), service.calls, Object.keys(service));
    say(charge({ id: 7, password: 'p' }, 'EUR'));
  });
  await step('callbacks', async () => {
    say(await new Promise((resolve) => withCallback('good', (error, value) => resolve([error, value]))));
    say(
      await util
        .promisify(withCallback)('bad')
        .catch((error) => error.message),
    );
  });
  step('classes', () => {
    const made = new Made(1);
    class More extends Made {}
    const more = new More(2);
    say(
      made,
      made instanceof Made,
      made.own(),
      more,
      more instanceof Made,
      more.own(),
      Made.prototype === Object.getPrototypeOf(made),
    );
    const old = new Old(4);
    function Older(value) {
      Old.call(this, value);
    }
    util.inherits(Older, Old);
    const older = Reflect.construct(Old, [6], Older);
    say(
      old,
      old instanceof Old,
      old.twice(),
      old.constructor.name,
      older instanceof Older,
      new Older(3).twice(),
    );
  });
  await step('factories', async () => {
    const client = createClient();
    say(client, Object.keys(client), await client.get('a'), await createClient().get('b'));
    const connected = await connect();
    say(Object.keys(connected), await connected.get('c'), connected.other());
  });
  await step('default', async () => say(await main.find(1), main.save(2)));
};
