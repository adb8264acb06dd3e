// Makes points of the calls that the channels publish which a configuration names.
import { FixedInfo } from '../../trace/info.js';
import { pointName } from '../../trace/point.js';
import type { PublishedHook } from '../calls/published.js';
import type { Hookable } from '../loading/modules.js';
import { budgetOf } from './budget.js';
import { type Asked, readerOf } from './said.js';

/** An entry of the configuration. */
export interface NamedChannel extends Asked {
  readonly channel: string;
  readonly point: string;
}

/**
 * The channels, as a target that has no files.
 *
 * @param most how many points a channel may make in one trace
 */
export const channelTarget = (named: readonly NamedChannel[], most: number): Hookable => ({
  package: 'points by name',
  versions: [],
  publishes: true,
  load: () => ({ hooks: () => [], channels: () => named.map((each) => hookOf(each, most)) }),
});

function hookOf(named: NamedChannel, most: number): PublishedHook {
  const { channel } = named;
  const point = pointName(named.point);
  const { argsOf, resultOf } = readerOf(named);
  const take = budgetOf(channel, most);
  const info = new FixedInfo({ function: { name: channel } });
  return {
    channel,
    library: '',
    start(message, { trace }) {
      if (!take(trace)) return [];
      if (argsOf === undefined) return [{ point, info }];
      return [{ point, info: { function: { name: channel, args: argsOf(message), kwargs: '{}' } } }];
    },
    ...(resultOf !== undefined && {
      stop: (message) => ({ function: { result: resultOf((message as { result?: unknown }).result) } }),
    }),
  };
}
