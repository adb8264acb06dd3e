// Collects durations and gives their percentiles: exact ones while they are few, and then ones that are at most 1 %
// off, in a bounded memory.

/** The percentiles that are told. */
export const percents = [50, 90, 95, 99] as const;
type Percent = (typeof percents)[number];

/** What is known of many durations. All times are in microseconds. */
export interface Spread {
  readonly count: number;
  /** The sum of all of them. */
  readonly total: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** False if the percentiles are up to 1 % off; count, total and max are exact always. */
  readonly exact: boolean;
}

/** How many durations may be kept one by one, by all who share it: 8 bytes each. */
export class Room {
  left: number;

  constructor(values = 4 * 1024 * 1024) {
    this.left = values;
  }
}

const firstLength = 16;
const mostExact = 65_536;

// A bucket ends where a duration is 1 % longer than at its beginning, and its middle stands for all that are in it, as
// in DDSketch (Masson, Rim, Lee, VLDB 2019). That is 0.5 % off at most, and rounded to a microsecond 1 %.
const growth = 1.01;
const logOfGrowth = Math.log(growth);
// The longest duration between two timestamps, with years of four digits, is in bucket 4,051.
const buckets = 4096;

/** Durations in microseconds, none of them negative. */
export class Durations {
  readonly #room: Room;
  #count = 0;
  #total = 0;
  #max = 0;
  #values: Float64Array | undefined;
  #counts: Float64Array | undefined;

  constructor(room: Room) {
    this.#room = room;
  }

  add(micros: number): void {
    if (this.#counts === undefined && this.#hasPlace()) this.#values![this.#count] = micros;
    else this.#sketch()[bucketOf(micros)]!++;
    this.#count++;
    this.#total += micros;
    this.#max = Math.max(this.#max, micros);
  }

  spread(): Spread {
    const at = this.#counts === undefined ? this.#exactly() : this.#roughly(this.#counts);
    return {
      count: this.#count,
      total: this.#total,
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      max: this.#max,
      exact: this.#counts === undefined,
    };
  }

  /** Whether one more can be kept by itself. */
  #hasPlace(): boolean {
    const { length } = (this.#values ??= new Float64Array(0));
    if (this.#count < length) return true;
    const more = length === 0 ? firstLength : length;
    if (length + more > mostExact || more > this.#room.left) return false;
    const longer = new Float64Array(length + more);
    longer.set(this.#values);
    this.#values = longer;
    this.#room.left -= more;
    return true;
  }

  /** The counts by buckets, into which the values go that were kept one by one. */
  #sketch(): Float64Array {
    if (this.#counts !== undefined) return this.#counts;
    const counts = new Float64Array(buckets);
    for (const micros of this.#values!) counts[bucketOf(micros)]!++;
    this.#room.left += this.#values!.length;
    this.#values = undefined;
    return (this.#counts = counts);
  }

  #exactly(): (percent: Percent) => number {
    const sorted = (this.#values ?? new Float64Array(0)).subarray(0, this.#count).toSorted();
    return (percent) => sorted[rank(percent, this.#count) - 1] ?? 0;
  }

  #roughly(counts: Float64Array): (percent: Percent) => number {
    return (percent) => {
      const wanted = rank(percent, this.#count);
      let seen = 0;
      const bucket = counts.findIndex((count) => (seen += count) >= wanted);
      return Math.min(this.#max, middleOf(bucket));
    };
  }
}

/** The nearest rank: so many values from the smallest on are at most as large as the percentile. */
function rank(percent: Percent, count: number): number {
  return Math.ceil((percent * count) / 100);
}

/** Bucket 0 is for less than a microsecond; bucket i ends with `growth` to the power of i - 1. */
function bucketOf(micros: number): number {
  return micros < 1 ? 0 : Math.min(buckets - 1, 1 + Math.ceil(Math.log(micros) / logOfGrowth));
}

/** The value that is equally far, in percent, from both ends of a bucket, as a whole number of microseconds. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round((2 * growth ** (bucket - 1)) / (growth + 1));
}
