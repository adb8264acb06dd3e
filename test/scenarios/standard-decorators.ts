// What standard decorators alone can stand at.
import { profiler } from '../../src/index.js';

class Fields {
  @profiler.traced('field')
  readonly double = (value: number): number => value * 2;

  @profiler.traced('field')
  static readonly half = (value: number): number => value / 2;

  @profiler.traced('accessor', { hideResult: false })
  accessor level = 1;

  @profiler.traced('private')
  #hidden(): string {
    return 'hidden';
  }

  shown(): string {
    return this.#hidden();
  }
}

const fields = new Fields();
fields.level = 2;
console.log(fields.double(2), Fields.half(2), fields.level, fields.shown());
