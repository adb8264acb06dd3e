import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

import { onChannel } from '../src/hooks/channel.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { createGuard } from '../src/hooks/guard.js';
import { aborted } from '../src/hooks/http.js';
import type { Settings } from '../src/hooks/settings.js';
import { target } from '../src/hooks/url.js';
import {
  type Context,
  beginTrace,
  enter,
  release,
  requestDefault,
  rootContext,
  tracing,
} from '../src/trace/context.js';
import { startPoint, stopPoint } from '../src/trace/point.js';
import { infoHeader } from '../src/trace/headers.js';

const info = infoHeader.toLowerCase();

/**
 * Incoming requests of `http` and `https` servers: `wsgi` points, OSProfiler's name for them.
 *
 * The channel serves both modules without a patch and without loading `https`, and costs an untriggered
 * request a look through the names of its headers.
 */
export function httpServer(settings: Settings): void {
  const guard = createGuard('http server');
  onChannel<{ request: IncomingMessage; response: ServerResponse }>(
    'http.server.request.start',
    ({ request, response }) => {
      if (guard.off) return;
      const root = trigger(request, settings);
      if (root !== undefined) {
        serve(request, response, root);
        release(root.trace);
      } else if (tracing.live > 0) {
        // The connection may have been used by a traced request, or its server been started within one.
        const context = requestDefault();
        if (context === undefined) enter(undefined);
        else serve(request, response, context);
      }
    },
  );

  function serve(request: IncomingMessage, response: ServerResponse, parent: Context): void {
    const { path, query } = target(request.url ?? '');
    const { method } = request;
    const scheme = (request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
    const point = startPoint('wsgi', parent, { request: { path, query, method, scheme } });
    enter(point.context);
    const stop = (): void => {
      const stopInfo = { response: { status_code: response.statusCode } };
      stopPoint(point, response.writableFinished ? stopInfo : { ...aborted, ...stopInfo });
    };
    // Of a request that waits behind another one on its connection, Node 20 and 22 close no response.
    bindEmitter(request, point.context, guard, (event) => event === 'aborted' && stop());
    bindEmitter(response, point.context, guard, (event) => event === 'close' && stop());
  }
}

/** Begins the trace that a request's headers ask for. */
function trigger(request: IncomingMessage, settings: Settings): Context | undefined {
  if (!isNamed(request.rawHeaders)) return undefined;
  const signed = settings.verify(request.headers);
  if (signed === undefined) return undefined;
  return rootContext(beginTrace(signed.base_id, signed.hmac_key), signed.parent_id);
}

/** Looks for the header without `request.headers`, which is built at its first use. */
function isNamed(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === info.length && (name.charCodeAt(0) | 32) === 120 && name.toLowerCase() === info)
      return true;
  }
  return false;
}
