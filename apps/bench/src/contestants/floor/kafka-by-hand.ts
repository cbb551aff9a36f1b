import { type Access, Loop } from './kafka-access.ts';
import { type Leader, leaderOf, openKafka } from './kafka-cluster.ts';
import { Fetch } from './kafka-fetch.ts';
import { type Connection, connectionOf } from './kafka-request.ts';
import { Writer } from './kafka-writer.ts';

/** Produce and Fetch encoded and decoded here, sent over the connections of kafkajs to the leader, which is looked up once. */
export async function openByHand(address: string): Promise<Access> {
  // Nothing here has a deadline.
  const kafka = openKafka(address, { enforceRequestTimeout: false });
  const loops: Loop[] = [];
  const leaders: Leader[] = [];
  const connect = async (topic: string): Promise<Connection> => {
    const leader = await leaderOf(kafka, topic);
    leaders.push(leader);
    return connectionOf(leader.broker);
  };
  return {
    async write(topic, acks) {
      const writer = new Writer(await connect(topic), topic, acks);
      return (key, text) => writer.add(key, text);
    },
    async read(topic, each) {
      const fetch = new Fetch(await connect(topic), topic, each);
      loops.push(new Loop(() => fetch.next()));
    },
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()));
      // What is under way is waited for.
      await Promise.all(leaders.map((leader) => leader.close()));
    },
  };
}
