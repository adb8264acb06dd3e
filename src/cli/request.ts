import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

import { newId } from '../trace/ids.js';
import { isTraceHeader, traceHeaders } from '../trace/headers.js';
import { CommandError, type Shell, command, print } from './command.js';
import { type Outgoing, headersFrom, send, urlFrom } from './send.js';
import { connectionOption, keyFrom, profileOption, settings } from './settings.js';
import { milliseconds, showOption, showWhenComplete, unfoldOptions, waitOption } from './store.js';

const hint =
  'check that the service runs with OSTRACE_ENABLED=true, that its OSTRACE_HMAC_KEYS has this key, and that its OSTRACE_CONNECTION_STRING names the same store';

export const request = command({
  name: 'request',
  operands: 'URL',
  about:
    'Sends a signed request, so that every service it touches traces it. Prints the body of the response, and on stderr the id of the trace.',
  options: {
    request: { type: 'string', short: 'X', value: 'METHOD', help: 'GET when not given; POST with -d.' },
    header: {
      type: 'string',
      short: 'H',
      value: "'NAME: VALUE'",
      multiple: true,
      help: 'A header to send; can be given several times.',
    },
    data: {
      type: 'string',
      short: 'd',
      value: 'DATA',
      multiple: true,
      help: 'The body, as curl sends it: @FILE reads it from a file without its line breaks, @- from stdin; several are joined by &. The content type is that of a form, unless -H says otherwise.',
    },
    include: { type: 'boolean', short: 'i', help: "Print the response's status and headers as well." },
    timeout: {
      type: 'string',
      value: 'SECONDS',
      help: 'How long the response may take to be complete; 60 when not given, 0 for as long as it takes.',
    },
    profile: profileOption,
    'connection-string': connectionOption,
    show: showOption,
    wait: waitOption,
    ...unfoldOptions,
  },
  async run(values, operands, shell) {
    const [url] = operands;
    if (url === undefined || operands.length > 1) {
      throw new CommandError(`expected one URL, got ${operands.length}; see ostrace request --help`);
    }
    const waitMs = milliseconds('--wait', values.wait, 5);
    const isFolded = !(values.unfold || values.all);
    const config = settings(shell, values['connection-string']);
    const base_id = newId();
    const key = keyFrom(values.profile, config);
    const outgoing = outgoingOf(values, urlFrom(url), base_id, key);
    const show = (): Promise<void> => showWhenComplete(shell, { config, base_id, waitMs, hint, isFolded });

    // First, so that the trace of a request that hangs can be found while it does.
    shell.say(`trace ${base_id}`);
    let endsLine = true;
    try {
      await send(outgoing, async (response) => {
        endsLine = await printResponse(shell, response, values.include);
      });
    } catch (error) {
      // Why a request failed is what its trace may tell.
      if (values.show && error instanceof CommandError) await showWhatThereIs(shell, error, show);
      throw error;
    }
    if (values.show) {
      await print(shell, endsLine ? '\n' : '\n\n');
      await show();
    }
    return 0;
  },
});

function outgoingOf(
  values: {
    readonly request: string | undefined;
    readonly header: readonly string[];
    readonly data: readonly string[];
    readonly timeout: string | undefined;
  },
  url: URL,
  base_id: string,
  key: string,
): Outgoing {
  const body = values.data.length > 0 ? Buffer.concat(bodyOf(values.data)) : undefined;
  const method = values.request ?? (body === undefined ? 'GET' : 'POST');
  if (!/^[A-Za-z]+$/.test(method)) {
    throw new CommandError(`--request is "${method}"; expected a method such as GET`);
  }
  const signed = traceHeaders({ base_id, parent_id: base_id, hmac_key: key });
  const traced = Object.entries(signed).map(([name, value]) => `${name}: ${value}`);
  const headers = headersFrom([...values.header.filter(isNotTraced), ...traced], {
    Accept: '*/*',
    'User-Agent': 'ostrace',
    ...(body !== undefined && {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': `${body.length}`,
    }),
  });
  return {
    url,
    method,
    headers,
    body,
    timeoutMs: milliseconds('--timeout', values.timeout, 60),
  };
}

/** A header that was copied from another request must not stand beside ours. */
function isNotTraced(header: string): boolean {
  return !isTraceHeader(header.split(':', 1)[0] ?? '');
}

function bodyOf(data: readonly string[]): Buffer[] {
  return data.flatMap((each, index) => {
    const bytes = each.startsWith('@') ? fileOf(each.slice(1)) : Buffer.from(each);
    return index === 0 ? [bytes] : [Buffer.from('&'), bytes];
  });
}

function fileOf(path: string): Buffer {
  try {
    const bytes = readFileSync(path === '-' ? 0 : path);
    return bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d) as Buffer;
  } catch (error) {
    throw new CommandError(`cannot read the body for -d: ${(error as Error).message}`);
  }
}

/** Gives whether what was printed ends with a line break. */
async function printResponse(shell: Shell, response: IncomingMessage, withHead: boolean): Promise<boolean> {
  let last = 0x0a;
  if (withHead) {
    const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
    const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`];
    for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    await print(shell, Buffer.from(`${lines.join('\n')}\n\n`, 'latin1'));
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
