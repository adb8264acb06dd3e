// The filter as the field shows it: finished conditions, and the text that is being typed.

/** The conditions of a filter's text: words with blanks between them; blanks in double quotes belong to a word. */
export function conditionsIn(filter: string): readonly string[] {
  return filter.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
}

/** Whether a typed text is a condition by now: `route:` is none yet. */
export function isFinished(text: string): boolean {
  const word = text.trim();
  return word !== '' && !word.endsWith(':') && (word.split('"').length - 1) % 2 === 0;
}

/** The text of a filter: what is typed counts as soon as it is a condition. */
export function filterText(conditions: readonly string[], typed: string): string {
  return [...conditions, ...(isFinished(typed) ? [typed.trim()] : [])].join(' ');
}
