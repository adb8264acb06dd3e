// A statement of a database, laid out in lines and with its words in colours, never as HTML.
import { useMemo } from 'preact/hooks';
import { type DialectOptions, formatDialect, mariadb, mysql, postgresql, sqlite } from 'sql-formatter';
import { getSegments } from 'sql-highlight';
import { Copy } from '../copy.js';
import { printable } from '../../report/format.js';

const dialects: Readonly<Record<string, DialectOptions>> = { mariadb, mysql, postgresql, sqlite };
const isSql = (system: string): boolean => Object.hasOwn(dialects, system);

// Laying a longer one out takes longer than anybody waits.
const maxLength = 20_000;
const maxShown = 100_000;

/** The statement in lines; as it was stored, if it is none that the formatter understands. */
function laidOut(text: string, system: string): string {
  if (!isSql(system) || text.length > maxLength) return text.slice(0, maxShown);
  try {
    return formatDialect(text, { dialect: dialects[system]!, keywordCase: 'preserve' });
  } catch {
    return text;
  }
}

/** Shows a statement, formatted. */
export function Statement({
  text,
  dialect,
}: {
  readonly text: string;
  readonly dialect: string;
}): preact.JSX.Element {
  const segments = useMemo(() => {
    const shown = printable(laidOut(text, dialect));
    return isSql(dialect) && shown.length <= maxLength
      ? getSegments(shown)
      : [{ name: 'default', content: shown }];
  }, [text, dialect]);
  return (
    <section class="section">
      <h3>
        Statement <Copy text={text} what="the statement" />
      </h3>
      <pre class="code">
        {segments.map(({ name, content }, at) => (
          <span key={at} class={`sql-${name}`}>
            {content}
          </span>
        ))}
      </pre>
    </section>
  );
}
