// A gRPC service that answers after a while.
import { Server, ServerCredentials } from '@grpc/grpc-js';

import { endOnRequest } from '../serve.mjs';
import { prices } from './prices.mjs';

const server = new Server();
server.addService(prices, {
  get(call, answer) {
    setTimeout(() => answer(null, { item: call.request.item, price: 12 }), call.request.ms);
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`127.0.0.1:${port}`);
});
endOnRequest();
