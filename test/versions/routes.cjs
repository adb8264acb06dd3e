// A service of each framework with the same routes. It asks itself, and prints what it was answered.
const http = require('node:http');

const services = {
  express(express) {
    const app = express();
    const shop = express.Router({ mergeParams: true });
    shop.get('/orders/:id', (request, response) => response.send(request.params.id));
    const admin = express();
    admin.get('/', (request, response) => response.send('admin'));
    admin.use('/users/:user', (request, response) => response.send(`no route: ${request.params.user}`));
    app.use((request, response, next) => next());
    app.get('/health', (request, response) => response.send('well'));
    app.get('/orders/:id', (request, response, next) => (request.params.id === '0' ? next('route') : next()));
    app.get('/orders/:id', (request, response) => setImmediate(() => response.send(request.params.id)));
    app.get(/^\/any/, (request, response) => response.send('any'));
    app.use('/shops/:shop', shop);
    app.use('/users/:name', shop);
    app.use('/admin', admin);
    app.get('/fail/:id', () => {
      throw new Error('on purpose');
    });
    app.use((error, request, response, _next) => response.status(500).send('failed'));
    return http.createServer(app);
  },
  async fastify(fastify) {
    const app = fastify();
    app.get('/health', async () => 'well');
    app.get('/orders/:id', (request) => Promise.resolve(request.params.id));
    for (const prefix of ['/shops/:shop', '/users/:name']) {
      app.register(
        async (shop) => {
          shop.get('/orders/:id', (request, reply) => setImmediate(() => reply.send(request.params.id)));
        },
        { prefix },
      );
    }
    app.get('/admin', (request, reply) => {
      reply.send('admin');
    });
    app.get('/any*', async () => 'any');
    app.get('/fail/:id', async () => {
      throw new Error('on purpose');
    });
    await app.ready();
    return app.server;
  },
  koa(Koa, Router) {
    const app = new Koa();
    app.silent = true;
    const router = new Router();
    const shop = () =>
      new Router().get('/orders/:id', async (context) => {
        context.body = context.params.id;
      });
    router.get('/health', (context) => {
      context.body = 'well';
    });
    router.get('/orders/:id', async (context) => {
      context.body = context.params.id;
    });
    router.use('/shops/:shop', shop().routes());
    router.use('/users/:name', shop().routes());
    router.get('/admin', (context) => {
      context.body = 'admin';
    });
    router.get(/^\/any/, (context) => {
      context.body = 'any';
    });
    router.get('/fail/:id', () => {
      throw new Error('on purpose');
    });
    app.use(router.routes());
    return http.createServer(app.callback());
  },
};

const paths = [
  '/health',
  '/orders/42',
  '/orders/0',
  '/orders/a%2Fb?full=1',
  '/shops/7/orders/8',
  '/users/users/orders/8',
  '/users/7/orders/7',
  '/admin',
  '/admin/users/5',
  '/anything',
  '/fail/1',
  '/nowhere',
];

const ask = (port, path) =>
  new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part) => (text += part));
        response.on('end', () => resolve([path, response.statusCode, text.slice(0, 30)]));
      })
      .on('error', reject);
  });

module.exports = async ({ framework, router }) => {
  const [, , name] = process.argv;
  const server = await services[name](framework, router);
  server.listen(0, '127.0.0.1', async () => {
    const answers = [];
    for (const path of paths) answers.push(await ask(server.address().port, path));
    console.log(JSON.stringify(answers));
    server.close();
  });
};
