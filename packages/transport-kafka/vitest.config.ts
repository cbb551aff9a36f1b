import { preset } from '@parley/tooling/vitest';

// Most of it waits for brokers that start, are away or are missed: more files than cores run at once. Times are for a busy machine.
export default preset({ test: { maxWorkers: 3, testTimeout: 120_000, hookTimeout: 120_000 } });
