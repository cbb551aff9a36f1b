/** What tests of either broker need besides it. */
export { type Proxy, startProxy } from './proxy.ts';
export { until } from './until.ts';
export { atOurDeath } from './watchdog.ts';
