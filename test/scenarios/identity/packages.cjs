exports.names = ['pg', 'pg-pool', 'mysql2', 'mysql2/promise', 'undici', 'ws', 'bluebird'];
exports.builtins = ['http', 'https', 'http2', 'child_process', 'worker_threads', 'module', 'fs'];
