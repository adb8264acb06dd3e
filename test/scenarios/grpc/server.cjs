// A gRPC server; SIGTERM ends it.
const { serve } = require('./service.cjs');

serve().then(({ port, close }) => {
  process.once('SIGTERM', close);
  console.log(JSON.stringify({ port }));
});
