import { until } from '@parley/brokers/shared';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DriverWorld, GroupNotes, grow, patient, put, unique } from './driver-world.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

type Driver = ReturnType<DriverWorld['open']>;

async function topicWith(driver: Driver, partitions: number): Promise<string> {
  const topic = unique('topic');
  await driver.admin.ensureTopics([{ topic, partitions }]);
  return topic;
}

/** `count` messages, numbered from `from`, spread over all partitions. */
async function write(driver: Driver, topic: string, count: number, from = 0): Promise<void> {
  const producer = driver.producer(patient);
  const messages = Array.from({ length: count }, (_, i) => ({ key: String(from + i), value: String(from + i) }));
  await put(producer, [{ topic, messages }]);
  await producer.close(1000);
}

/** Milliseconds, of members for whose end others would wait: so long nothing takes else. */
const sessionTimeout = 30_000;

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

function sorted(values: Iterable<string>): string[] {
  return [...values].sort((a, b) => Number(a) - Number(b));
}

describe('positions', () => {
  it('are there when it has started: what is written then comes, what was before does not', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 6);
    await write(driver, topic, 50, 1000);
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    await notes.consumer.start();
    await write(driver, topic, 100);
    await until('all', () => notes.values.length >= 100);
    expect(sorted(notes.values)).toEqual(numbers(100));
  });

  it('are kept though nothing came: what is written while nobody is there comes later', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 6);
    const groupId = unique('g');
    const first = GroupNotes.on(driver, { groupId, topics: [topic] });
    await first.consumer.start();
    await first.consumer.close(2000);
    await write(driver, topic, 60);
    const second = GroupNotes.on(driver, { groupId, topics: [topic] });
    await second.consumer.start();
    await until('all', () => second.values.length >= 60);
    expect(sorted(second.values)).toEqual(numbers(60));
  });

  it('begin at the beginning if told so, and for partitions and topics that are added later in any case', async () => {
    const driver = world.open();
    const [topic, added] = [await topicWith(driver, 1), await topicWith(driver, 1)];
    await write(driver, topic, 5);
    const all = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic], fromBeginning: true });
    await all.consumer.start();
    await until('all', () => all.values.length === 5);

    const late = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    await late.consumer.start();
    await grow(driver, topic, 3);
    const producer = driver.producer(patient);
    await put(producer, [{ topic, messages: [{ partition: 2, value: 'in the new one' }] }]);
    await until('it', () => late.values.includes('in the new one'));
    await put(producer, [{ topic: added, messages: [{ value: 'before' }] }]);
    await late.consumer.changeTopics([topic, added]);
    await until('it', () => late.values.includes('before'));
    // Not those that were there before it. What was not committed yet when the topics changed comes again.
    expect(new Set(late.values)).toEqual(new Set(['in the new one', 'before']));
  });

  it('survive records that were deleted under them: it goes on with the oldest there is', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 1);
    const groupId = unique('g');
    const first = GroupNotes.on(driver, { groupId, topics: [topic] });
    await first.consumer.start();
    await first.consumer.close(2000);
    await write(driver, topic, 100);
    const admin = driver.objects.admin as Admin;
    // kafkajs’s deleteTopicRecords wants to know the topic already.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '40' }] });
    const second = GroupNotes.on(driver, { groupId, topics: [topic] });
    await second.consumer.start();
    await until('the rest', () => second.values.length >= 60);
    expect(second.values).toEqual(numbers(100).slice(40));
  });
});

describe('rebalances', () => {
  it('lose nothing and leave what was committed alone, while members come and go', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 12);
    const groupId = unique('g');
    const members: GroupNotes[] = [];
    const join = async (): Promise<GroupNotes> => {
      const member = GroupNotes.on(world.open(), { groupId, topics: [topic] });
      members.push(member);
      await member.consumer.start();
      return member;
    };
    const first = await join();
    const writing = (async () => {
      for (let i = 0; i < 60; i++) await write(driver, topic, 10, i * 10);
    })();
    await join();
    await join();
    await first.consumer.close(2000);
    await join();
    await writing;
    const seen = (): Set<string> => new Set(members.flatMap(({ values }) => values));
    await until('all', () => seen().size === 600);
    await until('equal shares', () => members.slice(1).every(({ partitions }) => partitions.length === 4));
    // Each partition's offset is stored up to its end.
    await until('the commits', async () => {
      const committed = await driver.admin.committedOffsets(groupId, topic);
      return committed.reduce((sum, { offset }) => sum + Number(offset), 0) === 600;
    });
  });

  it('tell what is over before it is given to others; a late commit is refused', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 2);
    const groupId = unique('g');
    const first = GroupNotes.on(driver, { groupId, topics: [topic] });
    first.commits = false;
    await first.consumer.start();
    const generation = first.generation;
    await write(driver, topic, 20);
    await until('all', () => first.values.length === 20);
    let committing: Promise<void> | undefined;
    first.lastMoment = (number) => {
      committing = first.consumer.commit(number, [{ topic, partition: 0, offset: '3' }]);
      return committing;
    };
    const second = GroupNotes.on(world.open(), { groupId, topics: [topic] });
    await second.consumer.start();
    await until('the new generation', () => first.generation > generation);
    await committing;
    expect(first.events).toEqual(['assigned', 'revoked', 'assigned']);
    const late = first.consumer.commit(generation, [{ topic, partition: 0, offset: '1' }]);
    await expect(late).rejects.toMatchObject({ code: 503 });
    const committed = await driver.admin.committedOffsets(groupId, topic);
    expect(Number(committed.find(({ partition }) => partition === 0)?.offset)).toBeGreaterThanOrEqual(3);
  });

  it('give topics only to members that subscribe to them', async () => {
    const driver = world.open();
    const [common, extra] = [await topicWith(driver, 4), await topicWith(driver, 4)];
    const groupId = unique('g');
    const old = GroupNotes.on(world.open(), { groupId, topics: [common] });
    await old.consumer.start();
    const fresh = GroupNotes.on(world.open(), { groupId, topics: [common, extra] });
    await fresh.consumer.start();
    await until('both', () => old.partitions.length + fresh.partitions.length === 8);
    expect(old.partitions.every(({ topic }) => topic === common)).toBe(true);
    await write(driver, extra, 40);
    await until('all', () => fresh.values.length === 40);
  });
});

describe.concurrent('what an owner does', () => {
  it('never ends a consumer: it throws at every record, in all ways that kafkajs takes for the end', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 3);
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    const errors = [TypeError, RangeError, ReferenceError, SyntaxError, Error];
    let turn = 0;
    notes.handle = () => {
      throw new (errors[turn++ % errors.length] ?? Error)('thrown by a handler');
    };
    await notes.consumer.start();
    for (let i = 0; i < 30; i++) {
      await write(driver, topic, 1, i);
      await until('it', () => notes.values.includes(String(i)));
    }
    expect(notes.events).toEqual(['assigned']);
    expect(world.warnings.filter((warning) => warning.includes('thrown by a handler'))).toHaveLength(30);
  });

  it('may take longer than the session: the member stays, and other partitions go on', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 2);
    const groupId = unique('g');
    const notes = GroupNotes.on(driver, { groupId, topics: [topic], sessionTimeout: 6000 });
    notes.commits = false;
    await notes.consumer.start();
    const { generation } = notes;
    await write(driver, topic, 1);
    await until('the slow one', () => notes.values.length === 1);
    const begun = performance.now();
    for (let i = 1; performance.now() - begun < 8000; i++) {
      await write(driver, topic, 1, i);
      await until('the others', () => notes.values.length === i + 1);
    }
    expect(notes.events).toEqual(['assigned']);
    await notes.consumer.commit(generation, [{ topic, partition: 0, offset: '1' }]);
    expect(await driver.admin.committedOffsets(groupId, topic)).toContainEqual({ topic, partition: 0, offset: '1' });
  });

  it('pause and resume hold back a partition, seek repeats it, pauseAll ends it though the member stays', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 2);
    const producer = driver.producer(patient);
    const send = (partition: number, value: string) => put(producer, [{ topic, messages: [{ partition, value }] }]);
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    await notes.consumer.start();
    notes.consumer.pause(topic, 0);
    await send(0, 'held');
    await send(1, 'through');
    await until('the other', () => notes.values.includes('through'));
    await send(1, 'again');
    await until('the other', () => notes.values.includes('again'));
    expect(notes.values).toEqual(['through', 'again']);
    notes.consumer.resume(topic, 0);
    await until('the one held back', () => notes.values.includes('held'));
    notes.consumer.seek(topic, 0, '0');
    await until('it again', () => notes.values.filter((value) => value === 'held').length === 2);
    notes.consumer.pauseAll();
    const { length } = notes.values;
    const other = GroupNotes.on(world.open(), { groupId: unique('g'), topics: [topic] });
    await other.consumer.start();
    await send(0, 'for others');
    await until('the other group', () => other.values.includes('for others'));
    expect(notes.values).toHaveLength(length);
  });
});

describe('topics', () => {
  it('that do not exist are told, and read when they do, beside the others', async () => {
    const driver = world.open();
    const [there, not] = [await topicWith(driver, 2), unique('not')];
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [there, not] });
    await notes.consumer.start();
    expect(notes.missingTopics).toEqual([not]);
    await write(driver, there, 10);
    await until('the others', () => notes.values.length === 10);
    await driver.admin.ensureTopics([{ topic: not, partitions: 2 }]);
    await until('it is read', () => notes.partitions.length === 4);
    await write(driver, not, 10, 10);
    await until('all', () => new Set(notes.values).size === 20);
  });

  it('that are deleted and made anew are read from their beginning, and the others go on', async () => {
    const driver = world.open();
    const [stays, goes] = [await topicWith(driver, 2), await topicWith(driver, 2)];
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [stays, goes] });
    await notes.consumer.start();
    await write(driver, goes, 10);
    await until('before', () => notes.values.length === 10);
    await driver.admin.deleteTopics([goes]);
    await until('it to be noticed', () => notes.missingTopics.includes(goes));
    await write(driver, stays, 10, 10);
    await until('the others', () => new Set(notes.values).size === 20);
    await driver.admin.ensureTopics([{ topic: goes, partitions: 2 }]);
    await write(driver, goes, 10, 20);
    await until('all', () => new Set(notes.values).size === 30);
  });

  it('change in one rebalance, while the group reads', async () => {
    const driver = world.open();
    const [one, two] = [await topicWith(driver, 2), await topicWith(driver, 2)];
    const groupId = unique('g');
    const other = GroupNotes.on(world.open(), { groupId, topics: [one], sessionTimeout });
    await other.consumer.start();
    const notes = GroupNotes.on(world.open(), { groupId, topics: [one], sessionTimeout });
    await notes.consumer.start();
    await until('both', () => other.partitions.length === 1);
    other.events.length = 0;
    const begun = performance.now();
    await notes.consumer.changeTopics([one, two]);
    // As another member it would wait for the end of the session of the one it was.
    expect(performance.now() - begun).toBeLessThan(sessionTimeout / 2);
    await until('both', () => other.events.includes('assigned'));
    expect(other.events).toEqual(['revoked', 'assigned']);
    await write(driver, two, 10);
    await until('all', () => notes.values.length === 10);
  });
});

describe('when things break', () => {
  it.concurrent('a consumer whose broker is restarted, or killed, is built anew, and reads on', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = await topicWith(driver, 3);
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    await notes.consumer.start();
    await write(driver, topic, 30);
    await until('all', () => notes.values.length === 30);
    await own.broker.stop();
    await until('it to be told', () => notes.events.includes('lost'));
    await own.broker.start();
    await until('it to be back', () => notes.events.includes('restored'));
    await write(driver, topic, 30, 30);
    await until('all', () => new Set(notes.values).size === 60);
    // Several times: whether connections are on their way when it dies is chance.
    for (let round = 2; round < 6; round++) {
      await own.broker.kill();
      await own.broker.start();
      await write(driver, topic, 30, round * 30);
      await until('all', () => new Set(notes.values).size === (round + 1) * 30);
    }
  }, 150_000);

  it.concurrent('a broker that does not answer for a while costs nothing but time', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = await topicWith(driver, 3);
    const hasty = own.open({ kafkajs: { requestTimeout: 1500 } });
    const notes = GroupNotes.on(hasty, { groupId: unique('g'), topics: [topic] });
    await notes.consumer.start();
    own.broker.pause();
    await until('it to be told', () => notes.events.includes('lost'));
    own.broker.resume();
    await write(driver, topic, 30);
    await until('all', () => new Set(notes.values).size === 30);
  });

  it.concurrent('waits for a broker that is down at start', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = await topicWith(driver, 1);
    await own.broker.stop();
    const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    const starting = notes.consumer.start();
    await until('it to be told', () => notes.events.includes('lost'));
    await own.broker.start();
    await starting;
    expect(notes.events).toEqual(['lost', 'assigned', 'restored']);
  });

  it('closes in time when the broker answers nothing, and in the middle of joining', async () => {
    await using own = await DriverWorld.start({ properties: { 'group.initial.rebalance.delay.ms': '3000' } });
    const driver = own.open();
    const topic = await topicWith(driver, 1);
    const joined = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic], sessionTimeout });
    await joined.consumer.start();
    const groupId = unique('g');
    const joining = GroupNotes.on(driver, { groupId, topics: [topic], sessionTimeout });
    const starting = joining.consumer.start();
    starting.catch(() => undefined);
    const admin = driver.objects.admin as Admin;
    await until('it to join', async () => {
      const [group] = (await admin.describeGroups([groupId])).groups;
      return group?.state === 'PreparingRebalance';
    });
    const begun = performance.now();
    own.broker.pause();
    await Promise.all([joining.consumer.close(300), joined.consumer.close(300)]);
    // A request gets as long as a session.
    expect(performance.now() - begun).toBeLessThan(sessionTimeout / 2);
    own.broker.resume();
    await Promise.allSettled([starting]);
  });

  it('leaves at once: the next member does not wait for its end', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 1);
    const groupId = unique('g');
    const first = GroupNotes.on(driver, { groupId, topics: [topic], sessionTimeout });
    await first.consumer.start();
    const begun = performance.now();
    await first.consumer.close(sessionTimeout);
    const second = GroupNotes.on(driver, { groupId, topics: [topic], sessionTimeout });
    await second.consumer.start();
    // Without leaving it would be the session timeout.
    expect(performance.now() - begun).toBeLessThan(sessionTimeout / 2);
  });
});

describe('a generation', () => {
  it('that is over has its commits refused, so that nobody takes them for stored', async () => {
    const driver = world.open();
    const topic = await topicWith(driver, 2);
    const groupId = unique('g');
    const first = GroupNotes.on(driver, { groupId, topics: [topic] });
    await first.consumer.start();
    expect(first.consumer.isMember).toBe(true);
    const over = first.generation;
    const offsets = [{ topic, partition: 0, offset: '0' }];
    await first.consumer.commit(over, offsets);
    const second = GroupNotes.on(driver, { groupId, topics: [topic] });
    await second.consumer.start();
    await until('the next generation', () => first.generation > over);
    await expect(first.consumer.commit(over, offsets)).rejects.toMatchObject({ code: 503 });
    await first.consumer.close(2000);
    await expect(first.consumer.commit(first.generation, offsets)).rejects.toMatchObject({ code: 503 });
    expect(first.consumer.isMember).toBe(false);
    // The other one has gone, so it joins once more, sooner or later.
    await until('the last to be a member', () => second.consumer.isMember);
  });
});
