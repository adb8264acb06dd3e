// Standard decorators, compiled by TypeScript.
import { profiler } from '../../src/index.js';

@profiler.tracedClass('service', { hideResult: false })
class Service {
  greet(name: string): string {
    return `hello ${name}`;
  }
}

class Other {
  @profiler.traced('task')
  work(times: number): number {
    return times * 2;
  }
}

console.log(new Service().greet('you'), new Other().work(2));
