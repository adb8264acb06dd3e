import * as http from 'http';

import * as undici from 'undici';

import clients from './http-clients.cjs';

await clients({ http, undici });
