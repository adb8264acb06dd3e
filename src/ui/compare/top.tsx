// The top bar of the comparison.
import { BarButtons } from '../bar-buttons.js';
import { Icon } from '../icon.js';

export function Top({
  title,
  isServed,
}: {
  readonly title: string;
  readonly isServed: boolean;
}): preact.JSX.Element {
  const brand = (
    <>
      <Icon name="logo" />
      <span>ostrace</span>
    </>
  );
  return (
    <header class="top">
      {isServed ? (
        <a class="brand" href="#">
          {brand}
        </a>
      ) : (
        <span class="brand">{brand}</span>
      )}
      <span class="slash" aria-hidden="true">
        /
      </span>
      <h1 title={title}>
        <bdi>{title}</bdi>: two traces
      </h1>
      <span class="grow" />
      <BarButtons />
    </header>
  );
}
