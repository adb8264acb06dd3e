// CommonJS, each module loaded when a request needs it first
const { createServer } = require('node:http');

function get(...args) {
  return require('node:http').get(...args);
}
function execFile(...args) {
  return require('node:child_process').execFile(...args);
}
function Worker(...args) {
  return new (require('node:worker_threads').Worker)(...args);
}
function Pool(options) {
  return onFirstUse(() => new (require('pg').Pool)(options));
}
function createPool(options) {
  return onFirstUse(() => require('mysql2').createPool(options));
}

function onFirstUse(create) {
  let made;
  return new Proxy({}, { get: (_, name) => ((made ??= create()), made[name].bind(made)) });
}

require('../serve.cjs')({ createServer, get, execFile, Worker, Pool, createPool });
