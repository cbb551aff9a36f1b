import { describe, expect, test, vi } from 'vitest';
import { Demo, isAlive } from './run-demo.ts';

// Longer than the demo gives itself: what it says then is better than that it took too long.
vi.setConfig({ testTimeout: 180_000 });

const titles = [
  '1. Request and reply',
  '2. Stream',
  '3. Event',
  '4. Errors',
  '5. Timeout',
  '6. Cancel',
  '7. Gateway',
  '8. Killed and restarted',
  '9. Drain',
];

describe.each([['memory'], ['tcp'], ['redis'], ['redis', '--mode', 'streams'], ['kafka']])(
  'over %s %s %s',
  (transport, ...options) => {
    test('every step behaves, and the process ends by itself', async () => {
      using demo = new Demo('--transport', transport, ...options);
      await demo.endsWith(0);
      for (const title of titles) expect(demo.output).toContain(`\n${title}  `);
      expect(demo.output).toMatch(/All 9 steps went as expected, in \d+\.\d s\.\n$/);
      expect(demo.output).not.toContain('FAILED');
      // Colours are for terminals.
      expect(demo.output).not.toContain('\x1b');
      expect(demo.servicePids.filter(isAlive)).toEqual([]);
    });
  },
);

test('over tcp the service is really killed, and its callers hear of it', async () => {
  using demo = new Demo();
  await demo.endsWith(0);
  expect(new Set(demo.servicePids).size).toBe(4);
  expect(demo.output).toContain('kill -9');
  expect(demo.output).toContain('502 ConnectionLost');
});

test.each([
  [['--transport', 'pigeon'], '--transport must be one of tcp, redis, kafka, memory: not pigeon'],
  [['--transport', 'redis', '--mode', 'queue'], '--mode must be one of pubsub, streams: not queue'],
  [['--mode', 'streams'], '--mode is for --transport redis'],
  [['--port', '70000'], '--port must be a number from 0 to 65535: not 70000'],
  [['--speed'], "Unknown option '--speed'"],
])('%j is refused with the usage', async (args, message) => {
  using demo = new Demo(...args);
  await demo.endsWith(2);
  expect(demo.output).toContain(message);
  expect(demo.output).toContain('Usage: npm run demo');
});

test('--help prints the usage', async () => {
  using demo = new Demo('--help');
  await demo.endsWith(0);
  expect(demo.output).toContain('--serve');
});
