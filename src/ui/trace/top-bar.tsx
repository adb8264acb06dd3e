// The bar at the top: which request this is, and what it took.
import { BarButtons } from '../bar-buttons.js';
import { Icon } from '../icon.js';
import { Copy } from '../copy.js';
import type { PageTrace } from '../../report/page/page-trace.js';
import { timeText } from './words.js';

const counted = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? '' : 's'}`;

export function TopBar({
  trace,
  isServed,
}: {
  readonly trace: PageTrace;
  readonly isServed: boolean;
}): preact.JSX.Element {
  const { title, method, route, status, duration, errors, unfinished, count, services, base_id } = trace;
  const name = route === null || method === null ? title : `${method} ${route}`;
  const trouble = [
    errors === 0 ? '' : counted(errors, 'error'),
    unfinished === 0 ? '' : `${unfinished} unfinished`,
  ].filter((text) => text !== '');
  return (
    <header class="top">
      {isServed ? (
        <a class="brand" href="#">
          <Icon name="logo" />
          <span>ostrace</span>
        </a>
      ) : (
        <span class="brand">
          <Icon name="logo" />
          <span>ostrace</span>
        </span>
      )}
      <span class="slash" aria-hidden="true">
        /
      </span>
      <h1 title={title}>
        <bdi>{name}</bdi>
        {status !== null && <span class={status >= 500 ? 'bad' : 'status'}> {status}</span>}
      </h1>
      <p class="about">
        <b>{timeText(duration)}</b>
        {trouble.length > 0 && <span class="bad">{trouble.join(', ')}</span>}
        <span class="wide-1">{counted(count, 'point')}</span>
        <span class="wide-2">{services.slice(0, 5).join(', ')}</span>
      </p>
      <span class="grow" />
      <span class="id wide-2">
        <code>{base_id.slice(0, 8)}</code>
        <Copy text={base_id} what="the trace’s id" />
      </span>
      <BarButtons />
    </header>
  );
}
