import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';

import Koa from 'koa';

import { both, end, fail, lines, ready } from './drivers.cjs';

const app = new Koa();
app.use(async (context, next) => {
  try {
    await next();
  } catch (error) {
    context.status = 500;
    context.body = { error: error.message };
  }
});
app.use(async (context) => {
  const [, route, id] = context.path.split('/');
  if (route === 'both') context.body = await both(JSON.parse(await text(context.req)).id);
  else if (route === 'error') await fail(id);
  else if (route === 'stream') {
    context.type = 'text/plain';
    context.body = Readable.from(lines(id));
  } else if (route === 'end') {
    context.body = '';
    void end(server);
  }
});
const server = app.listen(0, '127.0.0.1', () => ready(server));
