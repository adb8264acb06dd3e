/* oxlint-disable unicorn/no-thenable, oxc/no-this-in-exported-function -- applications have such functions */
// Functions of all kinds, as an application may have them.
import util from 'node:util';

class Base {
  inherited() {
    return 'inherited';
  }

  leftAlone() {
    return 'left alone';
  }

  over(text) {
    return `base ${text}`;
  }
}

class Driver extends Base {
  #secret = 1;

  constructor(name) {
    super();
    this.name = name;
  }

  static open(name) {
    return new this(name);
  }

  get size() {
    return this.name.length;
  }

  get other() {
    return this.#secret;
  }

  over(text) {
    return `${super.over(text)} of ${this.name}`;
  }

  async wait(text) {
    await null;
    return this.#inner(text);
  }

  #inner(text) {
    return `${text} ${this.#secret}`;
  }

  _hidden() {
    return 'hidden';
  }

  *numbers(most) {
    for (let i = 0; i < most; i++) yield i;
  }

  async *pages(most) {
    for (let i = 0; i < most; i++) {
      await null;
      yield functions.add(i, 1);
    }
  }

  fail(how) {
    if (how === 'sync') throw new TypeError('failed at once');
    return Promise.reject(new RangeError('failed later'));
  }
}

class Made {
  #own = 'own';

  constructor(value) {
    this.value = value;
  }

  own() {
    return this.#own;
  }
}

class Own extends Promise {}

const functions = {
  add: (a, b) => a + b,
  self() {
    return this;
  },
  promise: (value) => Promise.resolve(value),
  own: (value) => Own.resolve(value),
  thenable: (value) => ({
    asked: 0,
    then(resolve) {
      this.asked++;
      resolve(value);
    },
  }),
  same: (value) => value,
  async rejected() {
    throw new Error('nobody looks');
  },
  iterator: (most) => ({
    at: 0,
    next() {
      return this.at < most ? { done: false, value: this.at++ } : { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  }),
  defaults(a, b = 2, ...rest) {
    return a + b + rest.length;
  },
};
functions.add.note = 'kept';
functions.promise[util.promisify.custom] = () => Promise.resolve('custom');

class Service {
  constructor() {
    this.calls = 0;
  }

  work() {
    return ++this.calls;
  }
}
const service = new Service();

const charge = (order, currency) => ({ id: order.id, currency, token: 'secret' });

function withCallback(value, done) {
  setImmediate(() => (value === 'bad' ? done(new Error('bad')) : done(null, value)));
}

function Old(value) {
  this.value = value;
}
Old.prototype.twice = function twice() {
  return this.value * 2;
};

class Client {
  get(key) {
    return functions.promise(`${key} of ${this.constructor.name}`);
  }
}
const createClient = () => new Client();
const connect = async () => ({ get: async (key) => key, other: () => 'other' });

export { Driver, Made, Own, functions, service, charge, withCallback, Old, createClient, connect };
export default { find, save: (o) => o };

async function find(id) {
  return { id };
}
