import { runOutside } from '../src/hooks/calls/method.js';
import type { Instrumentation } from '../src/hooks/loading/modules.js';

/** Finds servers and connects to them, for all calls that wait meanwhile. */
interface Connecting {
  exitIdle: unknown;
  updateResolution: unknown;
  startConnecting: unknown;
}
type Class = { readonly prototype: Connecting };

const folder = '@grpc/grpc-js/build/src';

/**
 * gRPC by @grpc/grpc-js 1: no points of its own. A channel connects by promises, in the context of the call that
 * needs it first, and then sends from there what all other calls have asked meanwhile: that is nobody's.
 */
export const grpc: Instrumentation = {
  hooks: () => [
    {
      file: `${folder}/resolving-load-balancer`,
      versions: undefined,
      install(exports) {
        const { ResolvingLoadBalancer } = exports as { ResolvingLoadBalancer: Class };
        runOutside(ResolvingLoadBalancer.prototype, 'exitIdle');
        runOutside(ResolvingLoadBalancer.prototype, 'updateResolution');
      },
    },
    {
      file: `${folder}/subchannel`,
      versions: undefined,
      install(exports) {
        const { Subchannel } = exports as { Subchannel: Class };
        runOutside(Subchannel.prototype, 'startConnecting');
      },
    },
  ],
};
