// A part of `npm run faults`: of the events that an application sends while its store fails, none may be
// unaccounted for.
// needs: agent postgresql mariadb redis rabbitmq
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { type Account, faults, suffer } from './faults/faults.js';
import { type Store, stores } from './faults/stores.js';

const checks: Readonly<Record<string, (account: Account) => void>> = {
  'goes down under load, back after a second': ({ sent, stored, spooled, dropped }) => {
    assert.deepEqual({ stored, spooled, dropped }, { stored: sent, spooled: 0, dropped: 0 });
  },
  'accepts and never answers, and the process ends': ({ sent, spooled, storedInTheEnd }) => {
    assert.ok(spooled > 0, 'nothing was spooled: the test shows nothing');
    assert.equal(storedInTheEnd, sent);
  },
  'refuses name and password, and the process ends': ({ sent, stored, spooled }) => {
    assert.deepEqual({ stored, spooled }, { stored: 0, spooled: sent });
  },
  'never answers, and the process is killed under load': ({ spooled }) => {
    assert.ok(spooled > 0, 'nothing was on disk when the process was killed');
  },
};

/** What happens to the exporter is the same for all stores: two of them are asked. */
const ofExporter: Readonly<Record<string, (account: Account) => void>> = {
  'is well, but no descriptor is left from the start, for a second': ({ stored, sent }) =>
    assert.equal(stored, sent),
  "is well, but the exporter's thread is killed under load": ({ stored, sent }) => assert.equal(stored, sent),
  "goes down under load, the exporter's thread is killed, and the process ends": ({ storedInTheEnd, sent }) =>
    assert.equal(storedInTheEnd, sent),
  "is well, but the exporter's thread is busy as the process ends": ({ spooled }) =>
    assert.ok(spooled > 0, 'nothing was spooled: the test shows nothing'),
  'answers without an end, and the process ends': ({ storedInTheEnd, sent, memory = Infinity }) => {
    assert.equal(storedInTheEnd, sent);
    assert.ok(memory < 200, `${memory} MiB`);
  },
};
const asked: readonly string[] = ['file', 'redis'];

for (const [name, open] of Object.entries(stores)) {
  describe(name, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    after(() => store.remove());

    for (const fault of faults) {
      const check = checks[fault.name] ?? (asked.includes(name) ? ofExporter[fault.name] : undefined);
      if (check === undefined) continue;
      test(fault.name, async (t) => {
        if (fault.needs !== undefined && store[fault.needs] === undefined) {
          t.skip(`this store cannot do that: ${fault.needs}`);
          return;
        }
        const account = await suffer(store, fault);
        check(account);
        if (store.canTell) assert.equal(account.twice, 0);
        const isKilled = fault.name.includes('the process is killed');
        assert.ok(isKilled || account.unaccounted === 0, JSON.stringify(account));
      });
    }
  });
}
