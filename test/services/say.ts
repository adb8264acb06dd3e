export function say(line: string): void {
  process.stderr.write(`tests: ${line}\n`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
