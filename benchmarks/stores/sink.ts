// A process in the place of an HTTP store: it answers as the store would, and keeps nothing.
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

const created = '{"create":{"status":201}}';
let bytes = 0;

function answerTo(
  { method, url = '' }: IncomingMessage,
  body: () => Buffer,
): { status: number; text: string } {
  if (url === '/bytes') return { status: 200, text: String(bytes) };
  if (url.startsWith('/_bulk')) {
    const documents = body().toString('latin1').split('\n').length >> 1;
    return { status: 200, text: `{"items":[${Array.from({ length: documents }, () => created).join()}]}` };
  }
  if (method === 'GET') return { status: 200, text: '{"version":{"number":"9.2.0"}}' };
  return url === '/api/v2/spans' ? { status: 202, text: '' } : { status: 200, text: '' };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const whole = Buffer.concat(chunks);
    bytes += whole.length;
    const isPacked = request.headers['content-encoding'] === 'gzip';
    const { status, text } = answerTo(request, () => (isPacked ? gunzipSync(whole) : whole));
    response.writeHead(status).end(text);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
