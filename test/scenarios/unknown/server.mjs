import * as grpc from '@grpc/grpc-js';
import mysql from 'mysql';
import * as redis from '@redis/client';
import * as ws from 'ws';

import start from './server.cjs';

await start({ grpc, mysql, redis, ws });
