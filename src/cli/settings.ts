// The options and settings that several commands share: the key and the store.
import { type Config, readConfig } from '../config/config.js';
import { variableName } from '../config/options.js';
import { masked, schemeOf, schemes, splitConnections } from '../drivers/index.js';
import { CommandError, type Option, type Shell } from './command.js';

const profileVariable = variableName('profile');
const keysVariable = variableName('hmacKeys');
const connectionVariable = variableName('connectionString');

export const profileOption = {
  type: 'string',
  value: 'KEY',
  help: `The key to sign with: one of the keys in the services' ${keysVariable}. Without this option, ${profileVariable} is used, then the first key in ${keysVariable}: others can read a key on a command line.`,
} as const satisfies Option;

export const connectionOption = {
  type: 'string',
  value: 'STRING',
  help: `The store of the traces, as in the services' ${connectionVariable}. Without this option, that variable is used, and without that file://.ostrace.`,
} as const satisfies Option;

/**
 * The settings that a command works with. Problems of the environment are printed on stderr.
 *
 * @param given the value of `--connection-string`, if any
 * @throws CommandError if it is unclear which store is meant: unlike the agent, a command does not have to go on
 */
export function settings(shell: Shell, given?: string): Config {
  const connection = given ?? (shell.env[connectionVariable] || undefined);
  const each = connection === '' ? [''] : splitConnections(connection ?? '');
  const wrong = each.find((one) => !schemes.includes(schemeOf(one)));
  if (wrong !== undefined) {
    const source = given === undefined ? connectionVariable : '--connection-string';
    const known = schemes.map((scheme) => `${scheme}://`).join(', ');
    throw new CommandError(
      `${source} is "${masked(wrong)}"; expected a store that starts with one of ${known}`,
    );
  }
  const { config, problems } = readConfig({
    ...shell.env,
    ...(connection !== undefined && { [connectionVariable]: connection }),
  });
  for (const problem of problems) shell.warn(problem);
  return config;
}

/**
 * The key to sign with.
 *
 * @param given the value of `--profile`, if any
 */
export function keyFrom(given: string | undefined, { profile, hmacKeys }: Config): string {
  const key = given ?? profile ?? hmacKeys[0];
  if (key) return key;
  throw new CommandError(
    `there is no key to sign with; give one of the services' ${keysVariable} with --profile KEY or in ${profileVariable}`,
  );
}
