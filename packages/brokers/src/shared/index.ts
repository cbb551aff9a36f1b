/** What tests of either broker need besides it. */
export { type DataFolder, dataFolder } from './data-folder.ts';
export { type Proxy, startProxy } from './proxy.ts';
export { until } from './until.ts';
export { atOurDeath } from './watchdog.ts';
