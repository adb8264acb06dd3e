// A part of the composition root: what the preload reports to `ostrace doctor` about a process in which the agent
// is off. Nothing else loads it.
import { isMainThread } from 'node:worker_threads';

import { diagnosisVariable, readConfig, startOf } from '../config/config.js';
import { variableName } from '../config/options.js';
import { isServing, keepWriting, loadedBy } from './file.js';
import { masked } from '../drivers/schemes.js';

/** Writes the report, unless there is an agent, or the process is a package manager, which needs none. */
export function tellIfOff(): void {
  const file = process.env[diagnosisVariable];
  const { config, problems, late } = readConfig(process.env);
  if (file === undefined || config.enabled || !isMainThread) return;
  const off = process.env[variableName('enabled')] ?? null;
  const about = {
    node: process.versions.node,
    pid: process.pid,
    startedAt: Date.now(),
    script: startOf(process.env).script,
    loaded: loadedBy(),
    filesBefore: 0,
    off,
    problems,
    keys: config.hmacKeys.length,
    isWhole: false,
    connectionString: masked(config.connectionString),
    service: config.service,
    switchedOff: [],
    hooked: [],
    skipped: [],
    early: [],
    bundled: [],
    refused: {},
    lastRefused: undefined,
    triggered: 0,
    requests: 0,
    unseen: [],
  };
  keepWriting(file, () => {
    const then = late();
    return { ...about, isServer: isServing(), ...(then !== undefined && { late: then }) };
  });
}
