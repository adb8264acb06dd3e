// Collects what the hooks of this process did.
import { type Findings, whySkipped } from './process-report.js';
import type { HookReports } from '../hooks/loading/modules.js';

/**
 * Collects what the hooks did.
 *
 * @param say takes a line for people about each finding
 */
export function collectFindings(say: (line: string) => void): {
  readonly findings: Findings;
  readonly reports: HookReports;
  onEarly(names: readonly string[]): void;
  onRefused(reason: string): void;
} {
  const findings: Findings = {
    hooked: [],
    skipped: [],
    early: [],
    bundled: [],
    refused: {},
    lastRefused: undefined,
    triggered: 0,
    requests: 0,
    unseen: [],
    points: undefined,
  };
  return {
    findings,
    reports: {
      onHooked(name, version, file) {
        const folder = file.slice(0, file.lastIndexOf(name) + name.length);
        if (findings.hooked.some((known) => known.name === name && known.folder === folder)) return;
        findings.hooked.push({ name, version, folder });
        say(`${name} ${version} is hooked (${folder})`);
      },
      onSkipped(name, version, supported) {
        const skipped = { name, version, supported };
        findings.skipped.push(skipped);
        say(whySkipped(skipped));
      },
    },
    onEarly(names) {
      findings.early.push(...names);
      for (const name of names) {
        say(`${name} was loaded before the agent`);
      }
    },
    onRefused(reason) {
      findings.refused[reason] = (findings.refused[reason] ?? 0) + 1;
      say(`a trace header was refused: ${reason}`);
    },
  };
}

/** The packages that have a file among those that are loaded. */
export function loadedAmong(names: readonly string[], files: readonly string[]): string[] {
  const folders = files.flatMap(
    (file) => /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1] ?? [],
  );
  const loaded = new Set(folders.map((folder) => folder.replaceAll('\\', '/')));
  return names.filter((name) => loaded.has(name));
}
