import { isUuid, newId } from '../trace/ids.js';
import { hmacHeader, infoHeader, signIds } from '../trace/signing.js';
import { CommandError, command, print } from './command.js';
import { keyFrom, profileOption, settings } from './settings.js';

export const sign = command({
  name: 'sign',
  operands: '',
  about: `Prints the two headers that have a request traced, and on stderr the id of the trace. For curl:

  curl -H @<(ostrace sign --profile KEY) http://localhost:3000/

The headers are good for as long as the key is: whoever has them can send traced requests.`,
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
    const { info, hmac } = signIds(base_id, uuid('--parent-id', values['parent-id']) ?? base_id, key);
    shell.say(`trace ${base_id}`);
    await print(shell, `${infoHeader}: ${info}\n${hmacHeader}: ${hmac}\n`);
    return 0;
  },
});

function uuid(option: string, given: string | undefined): string | undefined {
  if (given === undefined || isUuid(given)) return given;
  throw new CommandError(`${option} is "${given}"; expected a UUID`);
}
