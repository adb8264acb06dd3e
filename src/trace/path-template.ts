// Replaces the parts of a path that differ between requests. The result names spans, and tells which points are
// equal.

// Paths are stored as they came. A part that is longer than any route's is not examined.
const maxLength = 500;

const separated = /^[+-]?\d[\d.,:_-]*$/;
const uuid = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
// `order-42`, but not `v2`, `s3` or `oauth2`, which are names.
const numbered = /^[a-z]+[-_.:]\d[\d.:_-]*$/i;
// Hexadecimal digits and the alphabets of tokens; words have no digits.
const token = /^(?=.*\d)(?:[\da-f]{8,}|[\w~-]{20,})$/i;
const personal = /@|%40|\*\*\*/i;

/** `/orders/42/items/7.json` as `/orders/{id}/items/{id}.json`. */
export function pathTemplate(path: string): string {
  return path.slice(0, maxLength).split('/').map(segmentTemplate).join('/');
}

function segmentTemplate(segment: string): string {
  if (isId(segment)) return '{id}';
  const dot = segment.lastIndexOf('.');
  return dot > 0 && isId(segment.slice(0, dot)) ? `{id}${segment.slice(dot)}` : segment;
}

function isId(text: string): boolean {
  return (
    separated.test(text) || uuid.test(text) || numbered.test(text) || token.test(text) || personal.test(text)
  );
}
