// Serves an application on a port of its own, until it is told to end.
import { createServer } from 'node:http';

/** Prints the address as soon as it answers. */
export function serve(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${server.address().port}`);
  });
  endOnRequest();
}

/** What a container's platform sends. */
export function endOnRequest() {
  process.once('SIGTERM', () => process.exit(0));
}
