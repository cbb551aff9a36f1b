import { startProxy, until } from '@parley/brokers/shared';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DriverWorld, ReaderNotes, unique } from './driver-world.ts';
import { losesNothing, missed, Writer } from './driver-writer.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

describe('a reader', () => {
  it('has everything that is written from the moment it has started, and nothing older', async () => {
    const driver = world.open();
    const topic = unique('now');
    await driver.admin.ensureTopics([{ topic, partitions: 2 }]);
    const producer = driver.producer({ acks: 1 });
    // In one batch with older ones: a fetch returns whole batches.
    await producer.send([{ topic, messages: [0, 1].map((partition) => ({ partition, value: 'old' })) }]);
    for (let round = 0; round < 50; round++) {
      const notes = ReaderNotes.on(driver, { topic, partition: round % 2 });
      await notes.reader.start();
      await producer.send([{ topic, messages: [{ partition: round % 2, value: `new ${round}` }] }]);
      await until('the record', () => notes.values.length > 0);
      expect(notes.values).toEqual([`new ${round}`]);
      await notes.reader.close(1000);
    }
  });

  it('begins at the beginning if it is told to', async () => {
    const driver = world.open();
    const topic = unique('begin');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    await driver.producer({ acks: 1 }).send([{ topic, messages: [{ value: 'a' }, { value: 'b' }] }]);
    const notes = ReaderNotes.on(driver, { topic, from: 'beginning' });
    await notes.reader.start();
    await until('both', () => notes.values.length === 2);
  });

  it('refuses to start where there is nothing to read, and after it was closed', async () => {
    const driver = world.open();
    const topic = unique('none');
    await expect(ReaderNotes.on(driver, { topic }).reader.start()).rejects.toMatchObject({ code: 404 });
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const strange = ReaderNotes.on(driver, { topic, partition: 5 });
    await expect(strange.reader.start()).rejects.toMatchObject({ code: 404, message: expect.stringContaining('5') });
    const closed = ReaderNotes.on(driver, { topic });
    await closed.reader.close(100);
    await expect(closed.reader.start()).rejects.toMatchObject({ code: 503 });
  });

  it('closes at once, though a fetch waits, and hands over nothing more', async () => {
    const driver = world.open();
    const topic = unique('close');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const notes = ReaderNotes.on(driver, { topic, maxWaitTime: 20_000 });
    await notes.reader.start();
    const begun = performance.now();
    await notes.reader.close(5000);
    expect(performance.now() - begun).toBeLessThan(500);
    await driver.producer({ acks: 1 }).send([{ topic, messages: [{ value: 'late' }] }]);
    expect(notes.values).toEqual([]);
  });

  it('goes on when its owner throws', async () => {
    const driver = world.open();
    const topic = unique('throws');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    let seen = 0;
    const owner = {
      records: () => {
        seen++;
        throw new TypeError('the owner’s own fault');
      },
      lost: () => undefined,
      restored: () => undefined,
      missing: () => undefined,
    };
    const reader = driver.partitionReader({ topic }, owner);
    await reader.start();
    const producer = driver.producer({ acks: 1 });
    for (let round = 1; round <= 3; round++) {
      await producer.send([{ topic, messages: [{ value: 'v' }] }]);
      await until('the record', () => seen >= round);
    }
    expect(world.warnings.filter((warning) => warning.includes('the owner’s own fault'))).toHaveLength(3);
  });
});

describe('a reader loses nothing that was acknowledged', () => {
  it('when the broker is restarted, and tells that it could not read', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = unique('restart');
    await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    const notes = await losesNothing(driver, topic, () => own.broker.restart());
    expect(notes.events).toEqual(['lost', 'restored']);
  }, 60_000);

  it('when the broker is killed', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = unique('kill');
    await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    await losesNothing(driver, topic, async () => {
      await own.broker.kill();
      await own.broker.start();
    });
  }, 60_000);

  it('when its topic is deleted and made anew', async () => {
    const driver = world.open();
    const topic = unique('anew');
    await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    const notes = await losesNothing(driver, topic, async (reader) => {
      await driver.admin.deleteTopics([topic]);
      await until('it to be noticed', () => reader.events.includes('missing'));
      await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    });
    expect(notes.events).toContain('missing');
  }, 60_000);

  it('when partitions are added', async () => {
    const driver = world.open();
    const topic = unique('added');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const notes = await losesNothing(driver, topic, () => driver.admin.addPartitions(topic, 8));
    expect(notes.events).toEqual([]);
  }, 60_000);

  it('when its connections are cut again and again, in the middle of answers', async () => {
    const [host = '', port = ''] = (world.broker.brokers[0] ?? '').split(':');
    const driver = world.open();
    const topic = unique('cut');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    await using proxy = await startProxy(Number(port));
    // The broker tells its own address: a factory leads every connection through the proxy.
    const { connect } = await import('node:net');
    const through = world.open({
      kafkajs: { socketFactory: ({ onConnect }) => connect({ host, port: proxy.port }, onConnect) },
    });
    const notes = ReaderNotes.on(through, { topic });
    await notes.reader.start();
    const writer = new Writer(driver, topic, 0);
    const big = driver.producer({ acks: 1 });
    for (let round = 0; round < 20; round++) {
      await big.send([{ topic, messages: [{ partition: 0, value: Buffer.alloc(500_000, 'x') }] }]);
      proxy.cut();
    }
    await writer.stop();
    await until('all of them', () => missed(writer, notes).length === 0);
    expect(notes.values.filter((value) => value.length === 500_000).length).toBeGreaterThanOrEqual(20);
  }, 60_000);
});
