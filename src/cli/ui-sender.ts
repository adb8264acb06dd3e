// Sends the signed requests of `ostrace ui`, as `ostrace request` does. Redirects are not followed.
import type { Config } from '../config/config.js';
import type { CurlRequest } from '../serve/curl/curl.js';
import type { Sender } from '../serve/source.js';
import { CommandError } from './command.js';
import { cookiesFrom } from './cookies.js';
import { exchange } from './exchange.js';
import { outgoingOf } from './outgoing.js';
import type { Outgoing } from './send.js';
import { keyFrom } from './settings.js';

const timeoutMs = 60_000;

/** @param given the value of `--profile`, if any */
export function createSender(given: string | undefined, config: Config): Sender {
  let key = '';
  let refusal: string | undefined;
  try {
    key = keyFrom(given, config);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    refusal = error.message;
  }
  const outgoing = (request: CurlRequest): ((base_id: string) => Outgoing) =>
    outgoingOf({ ...request, timeoutMs }, new URL(request.url), key);

  return {
    refusal,
    check: (request) => void outgoing(request)('0'),
    async send(base_id, request) {
      const made = outgoing(request)(base_id);
      let redirect: string | undefined;
      const cookies = cookiesFrom([], made.url);
      const { status, whole } = await exchange(
        made,
        { isFollowing: false, cookies, onUntraced() {} },
        async (response) => {
          const { statusCode = 0, headers } = response;
          if (statusCode >= 300 && statusCode < 400) redirect = headers.location;
          // The response is the application's, and may have any size.
          for await (const _chunk of response) continue;
        },
      );
      return { status, duration: whole, redirect };
    },
  };
}
