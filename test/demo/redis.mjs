import { connect } from 'node:net';
import { once } from 'node:events';

/** The URL of this machine's Redis, or '' without one. The shop only reads there. */
export async function useRedis() {
  const socket = connect({ host: '127.0.0.1', port: 6379, timeout: 1000 });
  try {
    socket.on('timeout', () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    await once(socket, 'connect');
  } catch (error) {
    console.log(`Redis       none at 127.0.0.1:6379 (${error.code}), so ioredis does not take part`);
    return '';
  } finally {
    socket.destroy();
  }
  console.log('Redis       127.0.0.1:6379');
  return 'redis://127.0.0.1:6379';
}
