import { argumentTargets } from './arguments.js';
import { formatTargets } from './formats.js';
import { headerTargets } from './headers.js';
import { infoTargets } from './info.js';
import { settingTargets } from './settings.js';
import { storeTargets } from './store.js';
import { storedTargets } from './stored.js';
import type { Target } from './target.js';
import { urlTargets } from './urls.js';

/** All that hostile input may reach, as properties. */
export const targets: readonly Target[] = [
  ...headerTargets,
  ...settingTargets,
  ...storedTargets,
  ...formatTargets,
  ...storeTargets,
  ...urlTargets,
  ...infoTargets,
  ...argumentTargets,
];
