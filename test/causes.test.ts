// "This is why it is slow", on applications as users write them: of each planted cause the first finding names it,
// and of an application without a cause no finding blames anything.
// needs: agent packages postgresql mariadb redis rabbitmq
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { FindingKind } from '../src/report/findings/finding.js';
import { cleanCases } from './causes/clean.js';
import { pending, plantedCases } from './causes/planted.js';
import { type Shop, openShop, play } from './causes/shop.js';

const undo: (() => unknown)[] = [];
let shop: Shop;
before(async () => {
  shop = await openShop({ after: (each) => undo.push(each as () => unknown) });
});
after(async () => {
  for (const each of undo.toReversed()) await each();
});

/** A busy machine may really add more than was planted: then the cause is planted twice more. */
const plays = 3;

for (const [name, { kind, says, play: planned }] of Object.entries(plantedCases)) {
  test(`planted: ${name}`, { skip: pending.has(name) && 'the agent does not record it yet' }, async (t) => {
    const missed: string[] = [];
    for (let i = 0; i < plays; i++) {
      const given = typeof planned === 'function' ? await planned(t, shop) : planned;
      const traced = await play(t, given.shop ?? shop, given);
      const [first] = await traced.findings(0);
      const isNamed = [kind].flat().includes(first?.kind as FindingKind) && says.test(first!.sentence);
      if (isNamed && missed.length === 0) return;
      if (!isNamed) missed.push(await traced.text(0));
      if (missed.length > 1) break;
    }
    const wanted = `${[kind].flat().join(' or ')} and match ${says}`;
    if (missed.length > 1) assert.fail(`the first finding should be ${wanted}:\n${missed.join('\n')}`);
  });
}

/** A machine that is busy may really make a request wait: of ten traces, one has to be as the application is. */
const tries = 10;
/** What is said of the machine blames no application. */
const neutral: readonly FindingKind[] = ['starved', 'left-out'];

for (const [name, { may = [], ...what }] of Object.entries(cleanCases)) {
  test(`clean: ${name}`, async (t) => {
    const traced = await play(t, shop, { ...what, traced: tries });
    const blamed: string[] = [];
    for (let i = 0; i < tries; i++) {
      const findings = await traced.findings(i);
      const wrong = findings.filter(({ kind }) => ![...neutral, ...may].includes(kind as FindingKind));
      if (wrong.length === 0) return;
      blamed.push(await traced.text(i));
    }
    assert.fail(`each of ${tries} traces has a finding that blames:\n${blamed.join('\n')}`);
  });
}
