// What a store may answer is bounded: one that is broken, or somebody else who listens there, must not fill the memory
// of the process that is traced.
import type { Socket } from 'node:net';

/** In bytes: for a batch that is written, some kilobytes of confirmations; for whatever a command reads. */
export const answerBytes = { write: 1024 * 1024, read: 128 * 1024 * 1024 } as const;

/** Counts what comes in on the sockets of one store, and breaks off what is too much. */
export class Intake {
  #limit: number = answerBytes.write;
  #left: number = answerBytes.write;

  /** Something is asked for, whose answers may have so many bytes all in all. */
  begin(limit: number): void {
    this.#limit = limit;
    this.#left = limit;
  }

  /**
   * Counts what comes in on a socket from now on. Node hands each piece to the socket's `push`, before anybody who
   * listens to it gets it.
   */
  watch(socket: Socket): void {
    const push = socket.push.bind(socket);
    socket.push = (piece: Buffer | null, encoding?: BufferEncoding) =>
      this.take(socket, piece) && push(piece, encoding);
  }

  /** @returns false where it is too much; then the socket is destroyed */
  take(socket: Socket, piece: Buffer | null): boolean {
    if (piece === null) return true;
    this.#left -= piece.length;
    if (this.#left >= 0) return true;
    socket.destroy(tooLong(this.#limit));
    return false;
  }
}

export function tooLong(limit: number): Error {
  return new Error(`the answer is longer than ${limit} bytes`);
}
