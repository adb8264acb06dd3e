// Turns what the agent in a program reported into checks of `ostrace doctor`.
import type { Config } from '../config/config.js';
import { variableName } from '../config/options.js';
import { masked } from '../drivers/index.js';
import {
  type PointsReport,
  type ProcessReport,
  byApplication,
  whySkipped,
} from '../diagnosis/process-report.js';
import type { Check } from './doctor-checks.js';
import { storesDiffer } from './doctor-service.js';

/** Adds a result to the checks. */
type Add = (status: Check['status'], name: Check['name'], says: string) => void;

/**
 * Checks what the agent in a program reported of itself. `checkTriggers` checks the requests to it.
 *
 * @param known the problems of the shell's settings, which need no second line
 */
export function checkReport(
  report: ProcessReport,
  config: Config | undefined,
  known: readonly string[],
): Check[] {
  const checks: Check[] = [];
  const add: Add = (status, name, says) => void checks.push({ name, status, says });
  const { script = 'the program', node, pid, service } = report;
  if (report.off !== undefined) {
    addOff(report, add);
  } else {
    add('ok', 'program', `${script}, Node.js ${node}, process ${pid}, service ${service}`);
    addPreload(report, add);
    if (report.keys === 0 && !report.isWhole) {
      add('problem', 'keys', `${variableName('hmacKeys')} is empty in the program`);
    }
  }
  for (const problem of report.problems.filter((each) => !known.includes(each))) {
    add('hint', 'setting', `in the program, ${problem}`);
  }
  if (report.late !== undefined) add('problem', 'setting', `in the program, ${report.late}`);
  if (report.off !== undefined) return checks;
  const differ = config && storesDiffer(report.connectionString, masked(config.connectionString));
  if (differ !== undefined) add(differ.status, 'store', `the program ${differ.says}`);
  addHooks(report, add);
  if (report.points !== undefined) addPoints(report.points, add);
  return checks;
}

/** The preload ran, and the agent was off. */
function addOff({ off, loaded }: ProcessReport, add: Add): void {
  const variable = variableName('enabled');
  const value = off === null ? 'is not set' : `is ${JSON.stringify(off)}`;
  add(
    'problem',
    'program',
    `no agent ran in the program: ${variable} ${value} there, expected true; the preload was loaded ${loaded}`,
  );
}

function addPreload({ loaded, early, filesBefore }: ProcessReport, add: Add): void {
  if (loaded !== byApplication) return add('ok', 'preload', loaded);
  const files = filesBefore > 1 ? `, after ${filesBefore - 1} other files` : '';
  const packages = early.length > 0 ? `, ${early.join(' and ')} among them` : '';
  add(
    'hint',
    'preload',
    `ostrace/register was loaded by the application${files}${packages}: packages that were loaded before it are not traced, or not completely; preload ostrace/register, as in node --import ostrace/register`,
  );
}

/** Points by name: what matched, and what did not. */
function addPoints({ source, problems, wrapped, skipped, unmatched }: PointsReport, add: Add): void {
  for (const problem of problems) add('hint', 'points', problem);
  const modules = new Map<string, string[]>();
  for (const { module, label } of wrapped) modules.set(module, [...(modules.get(module) ?? []), label]);
  for (const [module, labels] of modules) add('ok', 'points', `${labels.join(', ')} (${module})`);
  for (const { at, label, why } of skipped) add('hint', 'points', `${label} is left alone: ${why} (${at})`);
  for (const { at, why } of unmatched) add('hint', 'points', `${source}: ${at} matches nothing: ${why}`);
}

function addHooks(report: ProcessReport, add: Add): void {
  for (const { name, version, folder } of report.hooked) add('ok', 'hooks', `${name} ${version} (${folder})`);
  for (const skipped of report.skipped) add('hint', 'hooks', whySkipped(skipped));
  const hooked = new Set(report.hooked.map(({ name }) => name));
  for (const name of report.early.filter((each) => !hooked.has(each))) {
    add('hint', 'hooks', `${name} was loaded before the agent: put ostrace/register first`);
  }
  for (const name of report.bundled) {
    add(
      'hint',
      'hooks',
      `${name} is bundled into ${report.script}: leave it out (esbuild: --external:${name})`,
    );
  }
  for (const option of report.switchedOff) add('hint', 'hooks', `${variableName(option)} is false`);
  if (report.unseen.length > 0) {
    const [are, their] = report.unseen.length > 1 ? ['are', 'their'] : ['is', 'its'];
    const says = `${report.unseen.join(', ')} ${are} loaded, and ostrace does not see ${their} calls, so there are no points of them; profiler.trace() makes points of your code that calls ${are === 'are' ? 'them' : 'it'}`;
    add('hint', 'hooks', says);
  } else if (report.hooked.length === 0 && report.bundled.length === 0) {
    add('hint', 'hooks', 'no database driver was loaded; HTTP, commands and threads are traced');
  }
}
