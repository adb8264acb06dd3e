// The settings with which the benchmarks open stores.
import type { DriverSettings } from '../src/drivers/index.js';

/** The settings of a service that sets only its store. */
export const driverSettings: DriverSettings = {
  filterErrorTrace: false,
  project: 'shop',
  service: 'orders',
  host: 'bench',
  transportUrl: undefined,
  keepFor: undefined,
  keepSize: undefined,
};
