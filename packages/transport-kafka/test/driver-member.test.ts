import { until } from '@parley/brokers/shared';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AcknowledgedClock } from '../src/driver/kafkajs/clock.ts';
import { GroupMember, type GroupMemberHost } from '../src/driver/kafkajs/group/group-member.ts';
import { DriverWorld, unique } from './driver-world.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

/** More than a member asks for which brokers there are while it ends; one that goes round without waiting asks without end. */
const tooOften = 1000;

it('a member that ends while kafkajs distributes its fetches over brokers that have just changed lets the process live', async () => {
  const topic = unique('topic');
  await world.open().admin.ensureTopics([{ topic, partitions: 1 }]);
  const joined = Promise.withResolvers<void>();
  const groupId = unique('g');
  const options = { brokers: world.broker.brokers, clientId: 'test', warn: () => undefined };
  const none = (): void => undefined;
  const shared = { options, clock: new AcknowledgedClock(), gone: none, missing: none, warnOnce: none };
  const host: GroupMemberHost = {
    groupId,
    rememberedId: () => '',
    forgetId: none,
    joining: () => Promise.resolve(),
    joined: () => Promise.resolve(),
    confirmed: none,
    evicted: none,
    batch: none,
    ready: joined.resolve,
  };
  const member = new GroupMember(shared, { groupId, topics: [topic], fromBeginning: true }, [topic], host);
  // Brokers that are there and lead nothing: a fetcher of such a one waits for a while each time.
  let brokers = [0, 1, 2];
  let asked = 0;
  member.cluster.getNodeIds = () => {
    asked += 1;
    // It would go round for ever, and no test would get to its time limit.
    if (asked > tooOften) throw new Error('asked again and again');
    return brokers;
  };
  void member.run();
  await joined.promise;
  await until('all to be fetched from', () => asked > 3);
  brokers = [0, 1, 2, 3];
  asked = 0;
  // One of the fetchers has seen it, and waits for the others to end.
  await until('one to see it', () => asked > 0);
  await member.end(5000);
  expect(asked).toBeLessThan(tooOften);
});
