import process from 'node:process';

import { receive } from './receive.cjs';

receive(process.argv[2], process, (answer) => process.send(answer));
