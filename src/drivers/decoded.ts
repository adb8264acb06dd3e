// Reads parts of URLs.

/**
 * A part of a URL as it was meant.
 *
 * @param problem makes the error for a percent sign that begins no encoding; without it such a part is taken as it is
 */
export function decoded(text: string, problem?: () => Error): string {
  try {
    return decodeURIComponent(text);
  } catch {
    if (problem === undefined) return text;
    throw problem();
  }
}
