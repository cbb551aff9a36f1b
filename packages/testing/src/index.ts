/** The door for authors of applications: what their tests need. */
export { type Fault, type FaultPlan, type FaultRule, type HappenedFault } from './faulty/fault-plan.ts';
export { type FaultyTransport, faulty } from './faulty/faulty.ts';
export {
  type CallMatcher,
  type RecordedCall,
  type RecordedHandler,
  recordCalls,
  type WaitOptions,
  waitForCall,
} from './helpers/record-calls.ts';
export { type TestHost, type TestHostOptions, testHost } from './helpers/test-host.ts';
