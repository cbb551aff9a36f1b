/** Processes of a test that are told what to do, write down what they did, and may be killed. */
export { type Duty, type Entry, serveOrders, takeUp, type Work } from './duty.ts';
export { Fleet } from './fleet.ts';
export { Worker } from './worker.ts';
