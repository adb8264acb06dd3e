// The two messages of a point, as OSProfiler has them.

/** Information that describes a point. OSProfiler's readers want an object of JSON values. */
export type Info = Record<string, unknown>;

/**
 * One of a point's two messages, in the order of fields that OSProfiler uses.
 * Events that come out of a store are hostile until they went through `parseEvent`.
 */
export interface Event {
  /** `<point>-start` or `<point>-stop` */
  readonly name: string;
  readonly base_id: string;
  readonly trace_id: string;
  readonly parent_id: string;
  /** `YYYY-MM-DDTHH:MM:SS.ffffff`, UTC, without a `Z` */
  readonly timestamp: string;
  readonly info: Info;
  readonly project: string | null;
  readonly service: string | null;
}
