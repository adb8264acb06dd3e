// CommonJS, bare names, whole modules
const http = require('http');
const childProcess = require('child_process');
const threads = require('worker_threads');
const pg = require('pg');
const mysql = require('mysql2');

require('../serve.cjs')({
  ...http,
  ...childProcess,
  ...threads,
  Pool: pg.Pool,
  createPool: mysql.createPool,
});
