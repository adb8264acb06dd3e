// Sends the load to an application.
import { Agent, get } from 'node:http';

import type { Endpoint } from './endpoints.js';

// The default of autocannon.
export const concurrency = 10;

/** Connections to one application, kept between its batches. */
export function openConnections(): Agent {
  return new Agent({ keepAlive: true, maxSockets: concurrency });
}

/**
 * Sends a batch of requests and waits for all answers.
 *
 * @param headersOf gives each request its headers
 * @throws if an answer is not the endpoint's
 */
export async function sendBatch(
  port: number,
  agent: Agent,
  endpoint: Endpoint,
  headersOf: () => Record<string, string>,
): Promise<void> {
  let left = endpoint.requests;
  const client = async (): Promise<void> => {
    while (left-- > 0) await send(port, agent, endpoint, headersOf());
  };
  await Promise.all(Array.from({ length: concurrency }, client));
}

async function send(
  port: number,
  agent: Agent,
  { path, answer }: Endpoint,
  headers: Record<string, string>,
): Promise<void> {
  const body = await ask(port, agent, path, headers);
  if (body !== answer) throw new Error(`${path} answered ${body}`);
}

/**
 * The body of an answer.
 *
 * @throws if it is an error's
 */
export function ask(
  port: number,
  agent: Agent,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path} gave ${response.statusCode}: ${body}`));
      });
    }).on('error', reject);
  });
}
