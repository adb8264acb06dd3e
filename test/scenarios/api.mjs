import { profiler } from 'ostrace';

import api from './api.cjs';

await api({ profiler });
