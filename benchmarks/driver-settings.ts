import type { DriverSettings } from '../src/drivers/index.js';

/** As a service has them that sets nothing but the store. */
export const driverSettings: DriverSettings = {
  filterErrorTrace: false,
  project: 'shop',
  service: 'orders',
  host: 'bench',
  transportUrl: undefined,
  keepFor: undefined,
  keepSize: undefined,
};
