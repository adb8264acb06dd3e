// What another agent does: module hooks that count for the spy.
import * as module from 'node:module';

module.register(new URL('data:text/javascript,'));
module.registerHooks?.({ resolve: (specifier, context, next) => next(specifier, context) });
