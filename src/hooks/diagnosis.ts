import type { Diagnosis } from '../trace/diagnosis.js';
import type { HookReports } from './modules.js';

/**
 * Collects what became of the hooks.
 *
 * @param say takes a line for people, each as it happens
 */
export function createDiagnosis(say: (line: string) => void): {
  readonly diagnosis: Diagnosis;
  readonly reports: HookReports;
  onEarly(names: readonly string[]): void;
  onRefused(reason: string): void;
} {
  const diagnosis: Diagnosis = {
    hooked: [],
    skipped: [],
    early: [],
    bundled: [],
    refused: {},
    triggered: 0,
  };
  return {
    diagnosis,
    reports: {
      onHooked(name, version, file) {
        const folder = file.slice(0, file.lastIndexOf(name) + name.length);
        if (diagnosis.hooked.some((known) => known.name === name && known.folder === folder)) return;
        diagnosis.hooked.push({ name, version, folder });
        say(`${name} ${version} is hooked (${folder})`);
      },
      onSkipped(name, version, supported) {
        diagnosis.skipped.push({ name, version, supported });
        const ranges = supported.map(([from, below]) => `${from} up to ${below}`).join(', ');
        say(`${name} ${version || '(no version)'} is left alone: supported is ${ranges}`);
      },
    },
    onEarly(names) {
      diagnosis.early.push(...names);
      for (const name of names) {
        say(`${name} was loaded before the agent`);
      }
    },
    onRefused(reason) {
      diagnosis.refused[reason] = (diagnosis.refused[reason] ?? 0) + 1;
      say(`a trace header was refused: ${reason}`);
    },
  };
}

/** Which of the packages have a file among those that are loaded. */
export function loadedAmong(names: readonly string[], files: readonly string[]): string[] {
  const folders = files.flatMap(
    (file) => /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1] ?? [],
  );
  const loaded = new Set(folders.map((folder) => folder.replaceAll('\\', '/')));
  return names.filter((name) => loaded.has(name));
}
