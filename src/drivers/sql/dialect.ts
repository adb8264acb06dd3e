// What the databases differ in.
/** A connection to a database. */
export interface Session {
  /** Something is asked for, whose answers may have so many bytes all in all; more breaks the connection. */
  expect(bytes: number): void;
  run(statement: string, values: readonly (string | null)[]): Promise<readonly unknown[]>;
  /** Whether the other side has ended it. */
  isOver(): boolean;
  /** Ends it in order, without waiting for it. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What an error of a database means for the statement that it came to. */
export type Failure =
  /** There is no table yet. */
  | 'no table'
  /** A value that the database will never take. */
  | 'bad value'
  /** Refused as a whole, and not carried out. */
  | 'refused'
  /** The connection is of no use any more, and what became of the statement is not known. */
  | 'broken';

/** What is special to one kind of database. */
export interface Dialect {
  /** Where it is, for people. */
  readonly label: string;
  /** What SQLAlchemy makes of OSProfiler's table; nothing happens where it is there. */
  readonly table: string;
  /** The type that JSON is cast to, so that it is read as the text that it is. */
  readonly textType: string;
  /** The placeholder of the nth value, counted from 1. */
  placeholder(n: number): string;
  /** @throws any error, whose `message` holds no password */
  connect(): Promise<Session>;
  failureOf(error: unknown): Failure;
}
