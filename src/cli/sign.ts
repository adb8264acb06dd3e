import { traceHeaders } from '../trace/headers.js';
import { isUuid, newId } from '../trace/ids.js';
import { CommandError, command, print } from './command.js';
import { keyFrom, profileOption, settings } from './settings.js';

export const sign = command({
  name: 'sign',
  operands: '',
  about: `Prints the headers that have a request traced, and on stderr the id of the trace. For curl:

  curl -H @<(ostrace sign --profile KEY) http://localhost:3000/

Whoever has the headers can send traced requests with them: for as long as the key is good, or for OSTRACE_HMAC_MAX_AGE seconds where the services set that.`,
  options: {
    profile: profileOption,
    'base-id': { type: 'string', value: 'UUID', help: 'The id of the trace; a new one when not given.' },
    'parent-id': {
      type: 'string',
      value: 'UUID',
      help: 'The id of the point that the request belongs to; the trace itself when not given.',
    },
  },
  async run(values, _operands, shell) {
    const key = keyFrom(values.profile, settings(shell));
    const base_id = uuid('--base-id', values['base-id']) ?? newId();
    const parent_id = uuid('--parent-id', values['parent-id']) ?? base_id;
    shell.say(`trace ${base_id}`);
    const headers = Object.entries(traceHeaders({ base_id, parent_id, hmac_key: key }));
    await print(shell, headers.map(([name, value]) => `${name}: ${value}\n`).join(''));
    return 0;
  },
});

function uuid(option: string, given: string | undefined): string | undefined {
  if (given === undefined || isUuid(given)) return given;
  throw new CommandError(`${option} is "${given}"; expected a UUID`);
}
