// `ostrace doctor`: finds out why there is no trace.
import { messageOf } from '../trace/notice.js';
import type { ProcessReport } from '../diagnosis/process-report.js';
import { clean, safeJson } from '../report/format.js';
import { CommandError, type Shell, command, print } from './command.js';
import { type Check, checkEnvironment, checkSpool, checkStores } from './doctor-checks.js';
import { startDiagnosed } from './doctor-program.js';
import { checkProgram, mainOf } from './doctor-run.js';
import { type Asked, ask } from './doctor-request.js';
import { checkService } from './doctor-service.js';
import { urlFrom } from './send.js';
import { connectionOption, keyFrom, profileOption, settings } from './settings.js';
import { milliseconds } from './store.js';

export const doctor = command({
  name: 'doctor',
  operands: '[-- PROGRAM [ARGUMENTS]]',
  about: `Finds out why there is no trace. Checks the settings of this shell and the store. With a program, starts it for a few seconds as you do, and says what the agent in it hooked and what it does not see. With --url, sends a signed request there and looks for its trace. The exit code is 1 if there is a problem.

  ostrace doctor --url http://localhost:3000/ -- node --import ostrace/register app.js`,
  options: {
    url: {
      type: 'string',
      value: 'URL',
      help: 'Send a signed request to this URL, of the program or of a service that already runs.',
    },
    wait: {
      type: 'string',
      value: 'SECONDS',
      help: 'How long the program runs or may take to listen, and how long the response and then its trace may take. Default: 5.',
    },
    json: { type: 'boolean', help: 'Print {"ok", "checks": [{"name", "status", "says"}], "process"}.' },
    profile: profileOption,
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    const waitMs = milliseconds('--wait', values.wait, 5);
    const url = values.url === undefined ? undefined : urlFrom(values.url);
    const found: Check[] = [];
    const config = attempt(found, 'setting', () => settings(quiet(shell), values['connection-string']));
    if (config !== undefined) {
      found.push(
        ...(await checkStores(config)),
        ...[checkSpool(config)].filter((check) => check !== undefined),
      );
    }
    const key = url && config && attempt(found, 'keys', () => keyFrom(values.profile, config));
    const program = operands.length === 0 ? undefined : startDiagnosed(operands, shell.env);
    let asked: Asked | undefined;
    try {
      if (url !== undefined && key !== undefined) {
        asked = await ask(shell, url, config, key, waitMs, () => program?.hasFailed() === true);
        found.push(...asked.checks);
        // Runs while the service runs.
        if (program === undefined) found.push(...checkService(url, asked, config, key));
      } else {
        await program?.endsWithin(waitMs);
      }
    } finally {
      await program?.stop();
    }
    const report = program && mainOf(program.reports());
    const checks = [
      ...checkEnvironment(shell.env, program === undefined ? url === undefined : report === undefined),
      ...found,
    ];
    if (program !== undefined)
      checks.push(...checkProgram({ program, report, operands, url, asked, waitMs }, shell.env, config));
    return tell(shell, values.json, checks, report);
  },
});

async function tell(
  shell: Shell,
  asJson: boolean,
  checks: readonly Check[],
  report: ProcessReport | undefined,
): Promise<number> {
  const ok = checks.every(({ status }) => status !== 'problem');
  const whole = { ok, checks, ...(report && { process: report }) };
  await print(shell, asJson ? `${safeJson(whole)}\n` : textOf(checks, ok));
  return ok ? 0 : 1;
}

const signs = { ok: 'ok      ', hint: 'hint    ', problem: 'PROBLEM ' } as const;

function textOf(checks: readonly Check[], ok: boolean): string {
  // Texts of others, such as a store's or a process's title, must not move the cursor, or look like a line of ours.
  const lines = checks.map(({ name, status, says }) => `${signs[status]} ${name.padEnd(8)} ${clean(says)}`);
  const hasHints = checks.some(({ status }) => status === 'hint');
  const good = `No problem was found${hasHints ? '; a hint may explain why a trace is incomplete' : ''}.`;
  return `${lines.join('\n')}\n\n${ok ? good : 'Solve each PROBLEM to get a trace.'}\n`;
}

/**
 * The result of a step. If the step fails, its problem is added to the checks, and the other steps run all the
 * same.
 */
function attempt<Result>(found: Check[], name: Check['name'], step: () => Result): Result | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    found.push({ name, status: 'problem', says: messageOf(error) });
    return undefined;
  }
}

/** Problems of the environment are among the checks, so they are not printed as warnings. */
function quiet(shell: Shell): Shell {
  return { ...shell, warn: () => {} };
}
