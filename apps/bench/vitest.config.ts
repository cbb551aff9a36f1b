import { preset } from '@parley/tooling/vitest';

export default preset();
