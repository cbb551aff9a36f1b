import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { until } from '@parley/brokers/shared';
import type { Admin, ISocketFactory } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaDriver } from '../src/driver/driver.ts';
import { DriverWorld, put, ReaderNotes, unique } from './driver-world.ts';
import { losesNothing } from './driver-writer.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A way to a broker on which the next answer that is longer than `cutAfter` bytes is cut off there, and the connection reset. */
class CutPath implements AsyncDisposable {
  cutAfter = Infinity;
  #isClosed = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(broker: string) {
    const port = Number(broker.split(':').at(-1));
    this.#server = createServer((client) => this.#join(client, connect({ host: '127.0.0.1', port })));
  }

  static async to(broker: string): Promise<CutPath> {
    const path = new CutPath(broker);
    path.#server.listen(0, '127.0.0.1');
    await once(path.#server, 'listening');
    return path;
  }

  /** Cuts all connections and takes no new ones, until it is opened. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  open(): void {
    this.#isClosed = false;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, broker: Socket): void {
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
    }
    if (this.#isClosed) client.destroy();
    client.pipe(broker);
    let passed = 0;
    broker.on('data', (data: Buffer) => {
      passed += data.length;
      if (passed <= this.cutAfter) client.write(data);
      else {
        this.cutAfter = Infinity;
        // What was written arrives, then the reset.
        client.write(data.subarray(0, data.length - 1000), () => setTimeout(() => client.resetAndDestroy(), 20));
        broker.removeAllListeners('close').destroy();
      }
    });
  }
}

/** The broker tells its own address: a factory leads every connection over the path. */
function openOver(path: CutPath): ReturnType<DriverWorld['open']> {
  const socketFactory: ISocketFactory = ({ onConnect }) => connect({ host: '127.0.0.1', port: path.port }, onConnect);
  return world.open({ kafkajs: { socketFactory } });
}

/** With one partition. While brokers have not heard yet that it was deleted, they tell of the old one, which is then taken for it. */
async function makeAnew(driver: KafkaDriver, topic: string, isNew: () => Promise<boolean>): Promise<void> {
  await until('the new topic', async () => {
    driver.admin.forget(topic);
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    return isNew();
  });
}

describe('a reader', () => {
  it('has everything that is written from the moment it has started, and nothing older', async () => {
    const driver = world.open();
    const topic = unique('now');
    await driver.admin.ensureTopics([{ topic, partitions: 2 }]);
    const producer = driver.producer({ acks: 1 });
    // In one batch with older ones: a fetch returns whole batches.
    await put(producer, [{ topic, messages: [0, 1].map((partition) => ({ partition, value: 'old' })) }]);
    for (let round = 0; round < 50; round++) {
      const notes = ReaderNotes.on(driver, { topic, partition: round % 2 });
      await notes.reader.start();
      await put(producer, [{ topic, messages: [{ partition: round % 2, value: `new ${round}` }] }]);
      await until('the record', () => notes.values.length > 0);
      expect(notes.values).toEqual([`new ${round}`]);
      await notes.reader.close(1000);
    }
  });

  it('begins at the beginning if it is told to', async () => {
    const driver = world.open();
    const topic = unique('begin');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    await put(driver.producer({ acks: 1 }), [{ topic, messages: [{ value: 'a' }, { value: 'b' }] }]);
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
    const notes = ReaderNotes.on(driver, { topic, maxWaitTime: 60_000 });
    await notes.reader.start();
    const begun = performance.now();
    await notes.reader.close(20_000);
    // Else all of that, since the fetch waits for longer.
    expect(performance.now() - begun).toBeLessThan(10_000);
    await put(driver.producer({ acks: 1 }), [{ topic, messages: [{ value: 'late' }] }]);
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
      await put(producer, [{ topic, messages: [{ value: 'v' }] }]);
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
    // More than once, if a broker that has just started needs another moment.
    expect(notes.events.join()).toMatch(/^lost,restored(,lost,restored)*$/);
  });

  it('when the broker is killed', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = unique('kill');
    await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    await losesNothing(driver, topic, async () => {
      await own.broker.kill();
      await own.broker.start();
    });
  });

  it('when its topic is deleted and made anew', async () => {
    const driver = world.open();
    const topic = unique('anew');
    await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    const notes = await losesNothing(driver, topic, async (reader, writer) => {
      await writer.pause();
      await driver.admin.deleteTopics([topic]);
      writer.resume();
      await until('it to be noticed', () => reader.events.includes('missing'));
      await driver.admin.ensureTopics([{ topic, partitions: 4 }]);
    });
    expect(notes.events).toContain('missing');
  });

  it('but what was deleted while it could not read: it goes on with the oldest there is', async () => {
    const driver = world.open();
    const topic = unique('deleted');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    await using path = await CutPath.to(world.broker.brokers[0] ?? '');
    const notes = ReaderNotes.on(openOver(path), { topic });
    await notes.reader.start();
    path.close();
    const messages = Array.from({ length: 100 }, (_, i) => ({ value: String(i) }));
    expect(await driver.producer({ acks: -1 }).send([{ topic, messages }])).toBeUndefined();
    const admin = driver.objects.admin as Admin;
    // kafkajs’s deleteTopicRecords wants to know the topic already.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] });
    path.open();
    await until('the rest', () => notes.values.length >= 40);
    expect(notes.values).toEqual(messages.slice(60).map(({ value }) => value));
  });

  it('when its topic is made anew so soon that it may not notice', async () => {
    const driver = world.open();
    const topic = unique('soon');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const notes = ReaderNotes.on(driver, { topic });
    await notes.reader.start();
    const producer = driver.producer({ acks: -1, patience: 20_000 });
    const send = (value: string) => producer.send([{ topic, messages: [{ partition: 0, value }] }]);
    for (let i = 0; i < 30; i++) expect(await send(`old ${i}`)).toBeUndefined();
    await until('the old ones', () => notes.values.length === 30);
    await driver.admin.deleteTopics([topic]);
    await makeAnew(driver, topic, async () => (await driver.admin.endOffsets(topic))[0]?.offset === '0');
    for (let i = 0; i < 5; i++) expect(await send(`new ${i}`)).toBeUndefined();
    await until('the new ones', () => notes.values.filter((value) => value.startsWith('new')).length >= 5);
    // What was written to the old one and not read is gone: whoever waits for it has to hear of that.
    await until('that it is told', () => notes.events.includes('lost') && notes.events.at(-1) === 'restored');
  });

  it('when its topic is made anew with fewer partitions, however soon: it tells that it is elsewhere now', async () => {
    const driver = world.open();
    const topic = unique('fewer');
    await driver.admin.ensureTopics([{ topic, partitions: 30 }]);
    // Most readers had one of those that are no more.
    const all = Array.from({ length: 4 }, () => ReaderNotes.on(driver, { topic }));
    for (const { reader } of all) await reader.start();
    const before = all.map(({ reader }) => reader.partition);
    await driver.admin.deleteTopics([topic]);
    await makeAnew(driver, topic, async () => (await driver.admin.partitionsOf(topic)) === 1);
    const producer = driver.producer({ acks: -1, patience: 20_000 });
    expect(await producer.send([{ topic, messages: [{ partition: 0, value: 'new' }] }])).toBeUndefined();
    for (const notes of all) await until('the new one', () => notes.values.includes('new'));
    for (const [index, { reader, events }] of all.entries()) {
      expect(reader.partition).toBe(0);
      const told = events.filter((event) => event !== 'missing').join();
      if (before[index] !== 0) expect(told).toMatch(/^lost,restored(,lost,restored)*$/);
    }
  });

  it('while its owner has no room: it fetches no more, and closes all the same', async () => {
    const driver = world.open();
    const topic = unique('room');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const values: string[] = [];
    const room = Promise.withResolvers<void>();
    const quiet = { lost: () => undefined, restored: () => undefined, missing: () => undefined };
    const open = () =>
      driver.partitionReader(
        { topic, partition: 0, from: 'beginning' },
        {
          ...quiet,
          records: (records) => {
            values.push(...records.map(({ value }) => String(value)));
            return room.promise;
          },
        },
      );
    const producer = driver.producer({ acks: -1 });
    await put(producer, [{ topic, messages: [{ value: 'a' }] }]);
    const reader = open();
    await reader.start();
    await until('the first', () => values.length === 1);
    await put(producer, [{ topic, messages: [{ value: 'b' }] }]);
    // Another one, that has room, has it: so would this one.
    const other = ReaderNotes.on(driver, { topic, from: 'beginning' });
    await other.reader.start();
    await until('both', () => other.values.length === 2);
    expect(values).toEqual(['a']);
    room.resolve();
    await until('the next', () => values.length === 2);

    const stuck = driver.partitionReader(
      { topic, partition: 0, from: 'beginning' },
      { ...quiet, records: () => new Promise(() => undefined) },
    );
    await stuck.start();
    const begun = performance.now();
    await Promise.all([reader.close(20_000), stuck.close(20_000)]);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('when partitions are added', async () => {
    const driver = world.open();
    const topic = unique('added');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const notes = await losesNothing(driver, topic, () => driver.admin.addPartitions(topic, 8));
    expect(notes.events).toEqual([]);
  });

  it('when its connections are cut again and again, in the middle of answers', async () => {
    const driver = world.open();
    const topic = unique('cut');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    await using path = await CutPath.to(world.broker.brokers[0] ?? '');
    const through = openOver(path);
    const notes = ReaderNotes.on(through, { topic });
    await notes.reader.start();
    const producer = driver.producer({ acks: 1 });
    for (let round = 0; round < 10; round++) {
      path.cutAfter = 70_000;
      const value = `${round}`.padEnd(200_000, 'x');
      expect(await producer.send([{ topic, messages: [{ partition: 0, value }] }])).toBeUndefined();
      await until('the cut, and the record after it', () => notes.values.length > round && path.cutAfter === Infinity);
    }
    expect(notes.values.map((value) => Number.parseInt(value, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
