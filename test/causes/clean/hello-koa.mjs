// Hello by Koa.
import Koa from 'koa';

import { serve } from '../serve.mjs';

const app = new Koa();
app.use((context) => {
  context.body = 'hello';
});
serve(app.callback());
