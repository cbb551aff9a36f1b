import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';
import { Corked } from './corked.ts';
import { Lines, type Publishing } from './lines.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

/** Entries of one read; the more there are, the fewer commands it takes. */
const readAtOnce = 500;
const field = 'm';

/**
 * A hand-written minimum over Redis streams: XADD, XREADGROUP, one XACK for what a read has brought, replies by PUBLISH
 * to one inbox, those of a tick together. One stream for all methods, one for events; an entry is `<id>:<method>:<JSON>`.
 */
export const contestant: Contestant = floor((publisher) => new Lines(publisher));

/** The same with a PUBLISH for each reply: what one would write first. */
export const plain: Contestant = floor((publisher) => publisher);

function floor(publishing: (publisher: Corked) => Publishing): Contestant {
  return {
    async serve(service: Service, setup: ServeSetup): Promise<Served> {
      const commands = await Corked.open(setup.broker);
      const readers = await Promise.all([Corked.open(setup.broker), Corked.open(setup.broker)]);
      const { run } = setup;
      const handlers = handlersOf(service, setup);
      const out = publishing(commands);
      const publish = (id: string, message: Message | undefined): void =>
        out.publish(`${run}:inbox`, `${id}:${JSON.stringify(message)}`);
      const handleMessage = (entry: string): void => {
        const first = entry.indexOf(':');
        const second = entry.indexOf(':', first + 1);
        const id = entry.slice(0, first);
        const reply = handlers[Number(entry.slice(first + 1, second))]?.(JSON.parse(entry.slice(second + 1)));
        if (reply instanceof Promise) void reply.then((message) => publish(id, message));
        else publish(id, reply);
      };
      const read = [
        readGroup(readers[0], commands, `${run}:messages`, handleMessage),
        readGroup(readers[1], commands, `${run}:events`, (entry) => service.tick(JSON.parse(entry))),
      ];
      await Promise.all(read.map(({ ready }) => ready));
      return {
        address: '',
        async close() {
          for (const { redis } of [...readers, commands]) redis.disconnect();
          await Promise.all(read.map(({ ended }) => ended));
        },
      };
    },

    async connect(setup: ConnectSetup): Promise<Caller> {
      const commands = await Corked.open(setup.broker);
      const { redis: subscriber } = await Corked.open(setup.broker);
      const { run } = setup;
      const pending = new Pending();
      subscriber.on('message', (_channel: string, lines: string) => pending.settleAll(lines));
      await subscriber.subscribe(`${run}:inbox`);
      return {
        method(name) {
          const number = methodNumber(name, setup);
          return (message) =>
            new Promise((resolve) => {
              const entry = `${pending.add(resolve)}:${number}:${JSON.stringify(message)}`;
              void commands.write().xadd(`${run}:messages`, '*', field, entry);
            });
        },
        tick: () => (message) => commands.write().xadd(`${run}:events`, '*', field, JSON.stringify(message)),
        async close() {
          commands.redis.disconnect();
          subscriber.disconnect();
        },
      };
    },
  };
}

type Entries = [stream: string, entries: [id: string, fields: string[]][]][];

/** Reads until the connection is cut. */
function readGroup(reader: Corked, commands: Corked, stream: string, handle: (entry: string) => void) {
  const group = 'floor';
  const ready = reader.redis.xgroup('CREATE', stream, group, '$', 'MKSTREAM');
  const loop = async (): Promise<void> => {
    await ready;
    while (reader.redis.status === 'ready') {
      const found = await reader.redis.xreadgroup(
        'GROUP',
        group,
        'one',
        'COUNT',
        readAtOnce,
        'BLOCK',
        0,
        'STREAMS',
        stream,
        '>',
      );
      const entries = (found as Entries | null)?.[0]?.[1] ?? [];
      for (const [, fields] of entries) handle(fields[1] ?? '');
      void commands.write().xack(stream, group, ...entries.map(([id]) => id));
    }
  };
  // It ends with the connection, and then the read that waits is refused.
  return { ready, ended: loop().catch(() => undefined) };
}
