// A part of the composition root: the variables that a process which is started within a trace gets in its
// environment. It is loaded with the first such process.
import { type Config, contextVariables } from './config/config.js';
import { type OptionName, options, variableName } from './config/options.js';
import { schemeOf, splitConnections } from './drivers/schemes.js';
import type { Context } from './trace/context.js';
import { signIds } from './trace/signing.js';

type Lookup = (name: string) => string | undefined;

/**
 * The variables that a child gets in addition to those that it is given anyway. They tell it nothing that its
 * environment does not already hold: the context goes only where the key is that signed it, and the stores only
 * where they are named already, or are folders.
 *
 * @param given the child's environment
 * @param inherited this process's environment
 */
export function childVariables(
  { connectionString, instrumentations, points }: Config,
  { trace, id }: Context,
  given: Lookup,
  inherited: Lookup,
): Record<string, string> {
  if (!canTakePart(given, trace.hmac_key)) return {};
  const { info, hmac } = signIds(trace.base_id, id.text, trace.hmac_key);
  const stores = variableName('connectionString');
  const store = given(stores);
  const isInherited = store === inherited(stores);
  const targets = variableName('instrumentations');
  const hasTargets = instrumentations.length > 0 && given(targets) === inherited(targets);
  const named = variableName('points');
  const hasPoints = points !== undefined && given(named) === inherited(named);
  return {
    [contextVariables.info]: info,
    [contextVariables.hmac]: hmac,
    // What is relative means something else if the process starts elsewhere.
    ...(isInherited && namesAll(store, connectionString) && { [stores]: connectionString }),
    ...(hasPoints && { [named]: points }),
    ...(hasTargets && { [targets]: instrumentations.join(',') }),
  };
}

/** Whether the agent would be on in a process with this environment, and would accept what the key has signed. */
function canTakePart(given: Lookup, hmac_key: string): boolean {
  const value = (name: OptionName): unknown => options[name].type.parse(given(variableName(name)) ?? '');
  const keys = value('hmacKeys') as readonly string[];
  return value('enabled') === true && (keys.includes(hmac_key) || value('profile') === hmac_key);
}

/** Whether a text names all of these stores, apart from folders, which need neither a password nor an address. */
function namesAll(text: string | undefined, connectionString: string): boolean {
  const named = splitConnections(text ?? '');
  return splitConnections(connectionString).every(
    (each) => schemeOf(each) === 'file' || named.includes(each),
  );
}
