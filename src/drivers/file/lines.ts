// Reads files of lines that may be of any size, and hold anything.
import { closeSync, readSync } from 'node:fs';

import { openToRead } from '../careful-files.js';
import { DriverError } from '../driver.js';

const newline = 0x0a;
const chunkBytes = 64 * 1024;
// Events are bounded to a small part of this where they are made. A power of two of chunks.
const maxLineBytes = 64 * chunkBytes;

/**
 * The lines of a file that are not blank, read as they are asked for. Undefined stands for one that is too
 * long to be an event.
 *
 * @param maxBytes what the file may hold
 */
export function* linesOf(path: string, maxBytes = Infinity): Generator<string | undefined> {
  const { fd } = openToRead(path);
  let left = maxBytes;
  try {
    let buffer = Buffer.allocUnsafe(chunkBytes);
    let kept = 0;
    let isTooLong = false;
    for (;;) {
      const size = readSync(fd, buffer, kept, buffer.length - kept, null);
      left -= size;
      if (left < 0) throw new DriverError(`cannot read ${path}: it holds more than ${maxBytes} bytes`);
      const filled = buffer.subarray(0, kept + size);
      // The last line may lack its newline.
      const last = size === 0 && filled.length > 0 ? filled.length : -1;
      let start = 0;
      let end = size === 0 ? last : filled.indexOf(newline, kept);
      while (end >= 0) {
        const line = isTooLong ? undefined : filled.toString('utf8', start, end).trim();
        if (line !== '') yield line;
        isTooLong = false;
        start = end + 1;
        end = size === 0 ? -1 : filled.indexOf(newline, start);
      }
      if (size === 0) return;
      kept = filled.length - start;
      if (kept < buffer.length) {
        filled.copyWithin(0, start);
      } else if (kept < maxLineBytes) {
        buffer = Buffer.concat([filled], 2 * kept);
      } else {
        // A dropped part leaves one byte, so that the end of the file is seen as the end of a line.
        isTooLong = true;
        kept = 1;
      }
    }
  } finally {
    closeSync(fd);
  }
}
