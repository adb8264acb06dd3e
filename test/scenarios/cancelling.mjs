import http from 'node:http';
import http2 from 'node:http2';

import undici from 'undici';

import cancelling from './cancelling.cjs';

await cancelling({ http, http2, undici });
