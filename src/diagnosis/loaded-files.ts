// Lists the loaded files, including ES modules, of which Node keeps no list that can be read.
import type { InspectorNotification, Debugger } from 'node:inspector';

/** The loaded CommonJS files, at no cost. */
export function cachedFiles(): readonly string[] {
  return Object.keys(require.cache ?? {});
}

/**
 * The files of all code that V8 holds, as a debugger is told of them. Only a process that is diagnosed pays for
 * this.
 */
export function loadedFiles(): readonly string[] {
  const files = new Set(cachedFiles());
  try {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    session.on(
      'Debugger.scriptParsed',
      ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) => void files.add(params.url),
    );
    session.post('Debugger.enable');
    session.post('Debugger.disable');
    session.disconnect();
  } catch {
    // Node was built without its inspector
  }
  return [...files];
}
