// Planted: a gRPC service that is slow.
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';

import { serve } from '../serve.mjs';
import { prices } from '../services/prices.mjs';

const [, , address] = process.argv;
const Prices = makeGenericClientConstructor(prices, 'Prices');
const client = new Prices(address, credentials.createInsecure());

serve((request, response) => {
  const ms = Number(new URL(request.url, 'http://shop').searchParams.get('ms') ?? 0);
  client.get({ item: 7, ms }, (error, answer) => response.end(JSON.stringify({ error, answer })));
});
