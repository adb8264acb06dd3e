import { newId } from '../trace/ids.js';
import { traceHeaders } from '../trace/headers.js';
import { setTimeout as delay } from 'node:timers/promises';

import type { Config } from '../config/config.js';
import { clean, safeJson } from '../report/format.js';
import { type CommandError, type Shell, command, print } from './command.js';
import { type Check, checkEnvironment, checkProgram, checkSpool, checkStores } from './doctor-checks.js';
import { startDiagnosed } from './doctor-program.js';
import { send, urlFrom } from './send.js';
import { connectionOption, keyFrom, profileOption, settings } from './settings.js';
import { milliseconds, withStore } from './store.js';

const pollMs = 100;

export const doctor = command({
  name: 'doctor',
  operands: '[-- PROGRAM [ARGUMENTS]]',
  about: `Finds out why there is no trace: checks the settings of this shell and the store; with a program, starts it for a few seconds as you do and says what the agent in it hooked; with --url, sends it a signed request and looks for its trace. Exits with 1 where there is a problem.

  ostrace doctor --url http://localhost:3000/ -- node --import ostrace/register app.js`,
  options: {
    url: {
      type: 'string',
      value: 'URL',
      help: 'Send a signed request there, to the program or to a service that runs already.',
    },
    wait: {
      type: 'string',
      value: 'SECONDS',
      help: 'How long the program runs, and how long an answer and its trace may take; 5 when not given.',
    },
    json: { type: 'boolean', help: 'Print {"ok", "checks": [{"name", "status", "says"}], "process"}.' },
    profile: profileOption,
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    const waitMs = milliseconds('--wait', values.wait, 5);
    const url = values.url === undefined ? undefined : urlFrom(values.url);
    const config = settings(shell, values['connection-string']);
    const checks: Check[] = [
      ...checkEnvironment(shell.env, operands, operands.length > 0 || url === undefined),
      ...(await checkStores(config)),
      ...[checkSpool(config)].filter((check) => check !== undefined),
    ];
    const program = operands.length === 0 ? undefined : startDiagnosed(operands, shell.env);
    try {
      if (url !== undefined) {
        checks.push(await checkRequest(shell, url, config, keyFrom(values.profile, config), waitMs));
      } else {
        await program?.endsWithin(waitMs);
      }
    } finally {
      await program?.stop();
    }
    const report = program?.report();
    if (program !== undefined) checks.push(...checkProgram(report, program.problem()));
    const ok = checks.every(({ status }) => status !== 'problem');
    const whole = { ok, checks, ...(report && { process: report }) };
    await print(shell, values.json ? `${safeJson(whole)}\n` : textOf(checks, ok));
    return ok ? 0 : 1;
  },
});

const signs = { ok: 'ok      ', hint: 'hint    ', problem: 'PROBLEM ' } as const;

function textOf(checks: readonly Check[], ok: boolean): string {
  const lines = checks.map(({ name, status, says }) => `${signs[status]} ${name.padEnd(8)} ${clean(says)}`);
  const end = ok ? 'No problem was found.' : 'A trace needs each PROBLEM to be solved.';
  return `${lines.join('\n')}\n\n${end}\n`;
}

/** Sends a signed request and looks for its trace. */
async function checkRequest(
  shell: Shell,
  url: URL,
  config: Config,
  key: string,
  waitMs: number,
): Promise<Check> {
  const base_id = newId();
  const headers = traceHeaders({ base_id, parent_id: base_id, hmac_key: key }, true);
  const deadline = performance.now() + waitMs;
  let status: number | undefined;
  for (;;) {
    try {
      await send({ url, method: 'GET', headers, body: undefined, timeoutMs: waitMs }, async (response) => {
        status = response.statusCode;
        await response.resume().toArray();
      });
      break;
    } catch (error) {
      // The program may still be starting.
      const isLate = performance.now() >= deadline;
      if (isLate) return { name: 'request', status: 'problem', says: (error as CommandError).message };
      await delay(pollMs);
    }
  }
  shell.say(`trace ${base_id}`);
  const arrived = await withStore(config, async (driver) => {
    while (performance.now() < deadline) {
      const stored = await driver.read(base_id);
      if (stored !== undefined) return stored.events.length;
      await delay(pollMs);
    }
    return 0;
  });
  return arrived > 0
    ? {
        name: 'request',
        status: 'ok',
        says: `answered ${status}, and its trace is in the store (${base_id})`,
      }
    : {
        name: 'request',
        status: 'problem',
        says: `answered ${status}, but nothing of its trace came to the store within ${waitMs / 1000} s: the service has no agent, another key, or another store`,
      };
}
