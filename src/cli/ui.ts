// `ostrace ui`: shows the traces in a browser.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import { DriverError } from '../drivers/driver.js';
import { type NamedHost, namedHost } from '../serve/hosts.js';
import { Requests } from '../serve/requests.js';
import { createUiServer } from '../serve/server.js';
import { CommandError, command, print } from './command.js';
import { isOfThisMachine, listen, ownHosts, ownPlaces, portFrom } from './listen.js';
import { manifest } from './manifest.js';
import { readTemplate } from './page-file.js';
import { connectionOption, profileOption, settings } from './settings.js';
import { openPage } from './ui-open.js';
import { createSender } from './ui-sender.js';
import { openSource } from './ui-source.js';

export const ui = command({
  name: 'ui',
  operands: '',
  about: `Shows the traces in a browser: the list of all traces, each trace with what was found in it, and a form that sends a signed request and shows its trace as it grows. Prints the address, or each one if there are several, and runs until Ctrl-C.

Only this machine reaches the page. --host opens it for others, who then need the token in the address that is printed.`,
  options: {
    port: {
      type: 'string',
      value: 'PORT',
      help: 'The port to listen at; 0 takes any free one. Default: 6787, or the next that is free.',
    },
    host: {
      type: 'string',
      value: 'ADDRESS',
      help: 'The address to listen at, such as 0.0.0.0 for all of this machine. It is not encrypted. Default: 127.0.0.1.',
    },
    token: {
      type: 'boolean',
      help: 'Ask for a token on this machine too, because it has other users. It is in the address that is printed.',
    },
    to: {
      type: 'string',
      value: 'HOST[:PORT]',
      multiple: true,
      help: 'A host to which the page may send signed requests. May be given several times. Default: this machine only.',
    },
    'no-open': { type: 'boolean', help: 'Do not open the browser.' },
    profile: profileOption,
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    if (operands.length > 0)
      throw new CommandError(`expected no argument, got ${operands.length}; see ostrace ui --help`);
    const port = portFrom(values.port);
    const host = values.host ?? '127.0.0.1';
    if (host === '') throw new CommandError('--host is ""; expected an address such as 0.0.0.0');
    const named = values.to.map(hostFrom);
    const config = settings(shell, values['connection-string']);
    const source = openSource(config, unlessRepeated(shell.warn));
    const isOpen = isOfThisMachine(host) && !values.token;
    const token = isOpen ? undefined : randomBytes(24).toString('base64url');
    let isOurs = (_host: string): boolean => false;
    const server = createUiServer({
      template: readTemplate(),
      source,
      requests: new Requests(createSender(values.profile, config), named),
      version: manifest().version,
      token,
      isOurs: (given) => isOurs(given),
      isOfStore: (error) => error instanceof DriverError,
      onMistake: (error) =>
        shell.warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    });
    const ended = endAsked();
    const bound = await listen(server, host, port);
    isOurs = ownHosts(host, bound);
    const view = token === undefined ? '' : `#token=${token}`;
    const addresses = ownPlaces(host, bound).map((place) => `http://${place}/${view}`);
    await print(shell, `${addresses.join('\n')}\n`);
    shell.say(`showing the traces in ${source.name()}; Ctrl-C ends it`);
    const forget = values['no-open'] ? undefined : await openPage(shell, addresses[0]!, token !== undefined);
    await ended;
    forget?.();
    server.close();
    server.closeAllConnections();
    await source.close();
    // A request that still waits for its response must not hold the command.
    process.exit(0);
  },
});

function hostFrom(text: string): NamedHost {
  const host = namedHost(text);
  if (host !== undefined) return host;
  throw new CommandError(`--to is "${text}"; expected a host such as shop.example or shop.example:8080`);
}

async function endAsked(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

/** The same problem comes with each look at the store, and is reported once. */
function unlessRepeated(warn: (line: string) => void): (line: string) => void {
  let last: string | undefined;
  return (line) => {
    if (line !== last) warn(line);
    last = line;
  };
}
