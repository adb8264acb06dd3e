// The page that stands in for a trace or a comparison that cannot be shown.
import { useEffect } from 'preact/hooks';

/** Says what cannot be shown, and why. The title says what, too: it would name what was shown before. */
export function Problem({ what, why }: { readonly what: string; readonly why: string }): preact.JSX.Element {
  useEffect(() => {
    document.title = `${what} · ostrace`;
    return () => {
      document.title = 'ostrace';
    };
  }, [what]);
  return (
    <main class="message">
      <h1>{what}</h1>
      <p>{why}</p>
    </main>
  );
}
