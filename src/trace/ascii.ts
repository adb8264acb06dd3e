// Writes JSON in ASCII, which is safe to print on a terminal and to pass through anything.

/** Escapes everything but ASCII in a text of JSON, as Python does; control characters that JSON allows, too. */
export function asciiJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
