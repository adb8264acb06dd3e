// `ostrace request`: sends a signed request, and shows its trace.
import type { IncomingMessage } from 'node:http';

import { duration } from '../report/format.js';
import { newId } from '../trace/ids.js';
import { CommandError, type Shell, command, print } from './command.js';
import { cookiesFrom } from './cookies.js';
import { type Following, exchange } from './exchange.js';
import { outgoingFrom } from './outgoing.js';
import { countOf } from './list-filter.js';
import { repeat } from './repeat.js';
import { statsOfNew } from './repeat-stats.js';
import { urlFrom } from './send.js';
import { showFormatOptions, shownFrom } from './formats.js';
import { connectionOption, keyFrom, profileOption, settings } from './settings.js';
import { milliseconds, showOption, showWhenComplete, waitOption } from './store.js';
import { defaultTop, printStats, topOption } from './stats-output.js';
import { viewOptions } from './view.js';

const hint =
  'check that the service runs with OSTRACE_ENABLED=true, that its OSTRACE_HMAC_KEYS has this key, and that its OSTRACE_CONNECTION_STRING names the same store';

export const request = command({
  name: 'request',
  operands: 'URL',
  about:
    'Sends a signed request, so that every service it touches traces it. Prints the body of the response to stdout, and the id of the trace and the duration to stderr. An option that curl has too means the same as in curl.',
  options: {
    request: {
      type: 'string',
      short: 'X',
      value: 'METHOD',
      help: 'The method. Default: GET, or POST with -d.',
    },
    header: {
      type: 'string',
      short: 'H',
      value: "'NAME: VALUE'",
      multiple: true,
      help: 'A header to send. May be given several times.',
    },
    data: {
      type: 'string',
      short: 'd',
      value: 'DATA',
      multiple: true,
      help: 'The body, as curl sends it: @FILE reads a file without its line breaks, @- reads stdin, and several bodies are joined with &. The content type is that of a form, unless -H sets another.',
    },
    location: {
      type: 'boolean',
      short: 'L',
      help: 'Follow redirects. Another host gets no trace headers, and another origin gets no credentials.',
    },
    insecure: { type: 'boolean', short: 'k', help: 'Accept any certificate of the server.' },
    user: {
      type: 'string',
      short: 'u',
      value: 'USER:PASSWORD',
      help: 'Credentials for HTTP basic authentication.',
    },
    cookie: {
      type: 'string',
      short: 'b',
      value: 'COOKIES',
      multiple: true,
      help: 'The cookies to send, as NAME=VALUE; NAME=VALUE, or a file with cookies. With -L, cookies that responses set are sent too.',
    },
    include: { type: 'boolean', short: 'i', help: 'Also print the status and the headers of the response.' },
    timeout: {
      type: 'string',
      value: 'SECONDS',
      help: 'How long the complete response may take; 0 sets no limit. Default: 60.',
    },
    repeat: {
      type: 'string',
      value: 'N',
      help: 'Send N requests one after the other, each with a trace of its own. Print the spread of their durations instead of the responses, and with --show the trace of the slowest request.',
    },
    stats: {
      type: 'boolean',
      help: 'With --repeat, also print more percentiles, and those of the traces by route, kind, and statement or call, as ostrace trace stats does.',
    },
    top: topOption,
    profile: profileOption,
    'connection-string': connectionOption,
    show: showOption,
    wait: waitOption,
    ...showFormatOptions,
    ...viewOptions,
  },
  async run(values, operands, shell) {
    const [url] = operands;
    if (url === undefined || operands.length > 1) {
      throw new CommandError(`expected one URL, got ${operands.length}; see ostrace request --help`);
    }
    const waitMs = milliseconds('--wait', values.wait, 5);
    const output = shownFrom(values, 'the response');
    const times = timesFrom(values.repeat);
    if (values.stats && times === 1) {
      throw new CommandError('--stats is about several requests; give their number with --repeat N');
    }
    const top = countOf('--top', values.top, ', 0 for all') ?? defaultTop;
    const config = settings(shell, values['connection-string']);
    const first = urlFrom(url);
    const outgoing = outgoingFrom(values, first, keyFrom(values.profile, config));
    const following = (): Following => ({
      isFollowing: values.location,
      cookies: cookiesFrom(values.cookie, first),
      onUntraced: (host) =>
        shell.warn(`redirected to ${host}, which gets no trace headers: it is another host`),
    });
    const show = (base_id: string): Promise<void> =>
      showWhenComplete(shell, { config, base_id, waitMs, hint, output });
    if (times > 1) {
      const isDetailed = values.stats;
      const { slowest, made } = await repeat(shell, { times, isDetailed }, (base_id) =>
        exchange(
          outgoing(base_id),
          following(),
          async (response) => void (await response.resume().toArray()),
        ),
      );
      if (values.stats) {
        const stats = await statsOfNew(shell, { config, made, waitMs, hint });
        await print(shell, '\n');
        await printStats(shell, stats, { top });
      }
      if (values.show) {
        await print(shell, '\n');
        await show(slowest);
      }
      return 0;
    }

    const base_id = newId();
    const options = following();
    // Printed first, so that the trace of a request that hangs can be found while it hangs.
    shell.say(`trace ${base_id}`);
    let endsLine = true;
    try {
      const outcome = await exchange(outgoing(base_id), options, async (response, isRedirect) => {
        endsLine = await printResponse(shell, response, values.include, isRedirect);
      });
      const { status, head, whole } = outcome;
      // On a terminal, body and messages appear together. Piped output stays as it came.
      if (!endsLine && shell.display.width !== undefined) {
        await print(shell, '\n');
        endsLine = true;
      }
      shell.say(`answered ${status} in ${duration(whole)}, its head after ${duration(head)}`);
    } catch (error) {
      // The trace may tell why the request failed.
      if (values.show && error instanceof CommandError) {
        await showWhatThereIs(shell, error, () => show(base_id));
      }
      throw error;
    }
    if (values.show) {
      await print(shell, endsLine ? '\n' : '\n\n');
      await show(base_id);
    }
    return 0;
  },
});

function timesFrom(given: string | undefined): number {
  if (given === undefined) return 1;
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw new CommandError(`--repeat is "${given}"; expected a whole number from 1 to 999999`);
}

/**
 * Prints a response; of a redirect that is followed, only the head.
 *
 * @returns whether the output ends with a line break
 */
async function printResponse(
  shell: Shell,
  response: IncomingMessage,
  withHead: boolean,
  isRedirect: boolean,
): Promise<boolean> {
  let last = 0x0a;
  if (withHead) {
    const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
    const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`];
    for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    await print(shell, Buffer.from(`${lines.join('\n')}\n\n`, 'latin1'));
  }
  if (isRedirect) {
    await response.resume().toArray();
    return true;
  }
  for await (const chunk of response as AsyncIterable<Buffer>) {
    last = chunk.at(-1) ?? last;
    await print(shell, chunk);
  }
  return last === 0x0a;
}

async function showWhatThereIs(shell: Shell, error: CommandError, show: () => Promise<void>): Promise<void> {
  try {
    await show();
  } catch (nothing) {
    if (!(nothing instanceof CommandError)) throw nothing;
    throw error;
  }
}
