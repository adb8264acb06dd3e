// A preload that takes functions out of Node's modules before the agent is there.
const { get } = require('node:http');
const { execFile } = require('node:child_process');
const { Worker } = require('node:worker_threads');

globalThis.early = { get, execFile, Worker };
