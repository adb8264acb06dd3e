// What `node --watch` and `node --test` run.
const askSelf = require('./ask-self.cjs');

if (process.env.NODE_TEST_CONTEXT === undefined) void askSelf();
else require('node:test').test('the application answers', askSelf);
