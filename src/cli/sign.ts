// `ostrace sign`: prints signed headers for other clients.
import { traceHeaders } from '../trace/headers.js';
import { isUuid, newId } from '../trace/ids.js';
import type { Config } from '../config/config.js';
import { CommandError, type Shell, command, print } from './command.js';
import { withStores } from './readable.js';
import { connectionOption, keyFrom, profileOption, settings } from './settings.js';
import { expectedId, idForms, mayBeId, traceIdFrom } from './trace-id.js';

export const sign = command({
  name: 'sign',
  operands: '',
  about: `Prints signed headers, with which a request is traced, and the id of the trace to stderr. For curl:

  curl -H @<(ostrace sign --profile KEY) http://localhost:3000/

Anyone who has the headers can send traced requests with them, for as long as the key is valid, or for OSTRACE_HMAC_MAX_AGE seconds if the services set that.`,
  options: {
    profile: profileOption,
    'base-id': {
      type: 'string',
      value: 'UUID',
      help: `The trace to continue: ${idForms}. Default: a new trace.`,
    },
    'parent-id': {
      type: 'string',
      value: 'UUID',
      help: 'The id of the point that the request belongs to. Default: the trace itself.',
    },
    'connection-string': connectionOption,
  },
  async run(values, _operands, shell) {
    const config = settings(shell, values['connection-string']);
    const key = keyFrom(values.profile, config);
    const parent = uuid('--parent-id', values['parent-id']);
    const base_id = await baseId(config, shell, values['base-id']);
    const parent_id = parent ?? base_id;
    shell.say(`trace ${base_id}`);
    const headers = Object.entries(traceHeaders({ base_id, parent_id, hmac_key: key }));
    await print(shell, headers.map(([name, value]) => `${name}: ${value}\n`).join(''));
    return 0;
  },
});

/** The trace that is named. It is looked up only if its name is not a whole id. */
async function baseId(config: Config, shell: Shell, given: string | undefined): Promise<string> {
  if (given === undefined) return newId();
  if (isUuid(given)) return given;
  if (mayBeId(given)) return withStores(config, shell.warn, (store) => traceIdFrom(given, store));
  throw new CommandError(`--base-id is "${given}"; expected ${expectedId}`);
}

function uuid(option: string, given: string | undefined): string | undefined {
  if (given === undefined || isUuid(given)) return given;
  throw new CommandError(`${option} is "${given}"; expected a UUID`);
}
