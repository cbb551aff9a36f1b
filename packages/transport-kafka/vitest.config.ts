import { preset } from '@parley/tooling/vitest';

// A real broker, killed and restarted, on two cores that others use, too: what fails is tried again, and fails the run if it
// fails three times. One failure in some runs is known: a group whose topic gets partitions while it reads (driver-group).
export default preset({ test: { retry: 2 } });
