import { until } from '@parley/brokers/shared';
import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DriverWorld, GroupNotes, patient, put, ReaderNotes, unique } from './driver-world.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Brokers compress anew what comes to such a topic. */
const snappy = { partitions: 1, config: { 'compression.type': 'snappy' } };

it('a group that meets records without a codec stands still, and says why', async () => {
  const driver = world.open();
  const topic = unique('snappy');
  await driver.admin.ensureTopics([{ topic, ...snappy }]);
  const groupId = unique('g');
  const notes = GroupNotes.on(driver, { groupId, topics: [topic] });
  await notes.consumer.start();
  await put(driver.producer(patient), [{ topic, messages: [{ value: 'v'.repeat(1000) }] }]);
  await until('it to be told', () => notes.events.includes('lost'));
  const warnings = world.warnings.filter((warning) => warning.includes(`The group "${groupId}" stands still`));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/Snappy.*CompressionCodecs/);
  // Nothing is skipped: the record is still to be read.
  expect(await driver.admin.committedOffsets(groupId, topic)).toEqual([{ topic, partition: 0, offset: '0' }]);
});

it('a reader that meets them skips them, says so, and goes on', async () => {
  const driver = world.open();
  const topic = unique('snappy');
  await driver.admin.ensureTopics([{ topic, ...snappy }]);
  const notes = ReaderNotes.on(driver, { topic });
  await notes.reader.start();
  await put(driver.producer(patient), [{ topic, messages: [{ value: 'v'.repeat(1000) }] }]);
  await until('it to be told, and to be back', () => notes.events.join() === 'lost,restored');
  expect(world.warnings.filter((warning) => warning.includes(`"${topic}" were skipped`))).toHaveLength(1);
  const admin = driver.objects.admin as Admin;
  const entry = { name: 'compression.type', value: 'producer' };
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [entry] }],
  });
  await until('a record that can be read', async () => {
    await put(driver.producer(patient), [{ topic, messages: [{ value: 'plain' }] }]);
    return notes.values.includes('plain');
  });
});
