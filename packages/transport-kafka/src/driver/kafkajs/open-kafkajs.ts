import { RpcCode, RpcException } from '@parley/core/transport';
import type {
  BrokerClock,
  DriverAdmin,
  DriverObjects,
  DriverProducer,
  GroupConsumer,
  GroupOptions,
  GroupOwner,
  KafkaDriver,
  PartitionReader,
  ProducerOptions,
  ReaderOptions,
  ReaderOwner,
} from '../driver.ts';
import { KafkaJsAdmin } from './admin/admin.ts';
import { AcknowledgedClock } from './clock.ts';
import type { KafkaJsOptions } from './connection/kafkajs-options.ts';
import { KafkaJsGroupConsumer } from './group/group-consumer.ts';
import { KafkaJsReader } from './partition-reader.ts';
import { KafkaJsProducer } from './produce/producer.ts';
import type { Shared } from './shared.ts';
import { UserObjects } from './user-objects.ts';

/** Makes no connection yet. @throws RpcException 400 when a broker's address is none. */
export function openKafkaJs(options: KafkaJsOptions): KafkaDriver {
  return new KafkaJsDriver(options);
}

interface Closable {
  close(timeout: number): Promise<void>;
}

class KafkaJsDriver implements KafkaDriver {
  readonly admin: DriverAdmin;
  readonly clock: BrokerClock;
  readonly #admin: KafkaJsAdmin;
  readonly #shared: Shared;
  readonly #user: UserObjects;
  readonly #parts = new Set<Closable>();
  #closed = false;

  constructor(options: KafkaJsOptions) {
    checkBrokers(options.brokers);
    const clock = new AcknowledgedClock();
    const warned = new Set<string>();
    this.#admin = new KafkaJsAdmin(options);
    this.#user = new UserObjects(options);
    this.#shared = {
      options,
      clock,
      gone: (part) => this.#parts.delete(part),
      missing: (topic) => this.#admin.forget(topic),
      warnOnce: (what, detail) => {
        if (warned.has(what)) return;
        warned.add(what);
        options.warn(what, detail);
      },
    };
    this.admin = this.#admin;
    this.clock = clock;
    this.#parts.add(this.#admin).add(this.#user);
  }

  get objects(): DriverObjects {
    const user = this.#user;
    const groups = [...this.#parts].filter((part) => part instanceof KafkaJsGroupConsumer);
    const consumers = groups.map(({ consumer }) => consumer).filter((consumer) => consumer !== undefined);
    return {
      client: user.client,
      get producer() {
        return user.producer;
      },
      get admin() {
        return user.admin;
      },
      consumers,
    };
  }

  connect(): Promise<void> {
    return this.#admin.connect();
  }

  producer(options: ProducerOptions): DriverProducer {
    return this.#keep(new KafkaJsProducer(this.#shared, options));
  }

  groupConsumer(options: GroupOptions, owner: GroupOwner): GroupConsumer {
    return this.#keep(new KafkaJsGroupConsumer(this.#shared, options, owner));
  }

  partitionReader(options: ReaderOptions, owner: ReaderOwner): PartitionReader {
    return this.#keep(new KafkaJsReader(this.#shared, options, owner));
  }

  async close(timeout: number): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#parts].map((part) => part.close(timeout)));
  }

  #keep<T extends Closable>(part: T): T {
    if (this.#closed) throw new RpcException('The driver is closed', { code: RpcCode.Unavailable });
    this.#parts.add(part);
    return part;
  }
}

function checkBrokers(brokers: readonly string[]): void {
  if (brokers.length === 0) throw new RpcException('There must be at least one broker', { code: RpcCode.BadRequest });
  for (const broker of brokers) {
    const [, port] = /^(?:\[[^\]]+\]|[^:\s]+):(\d+)$/.exec(broker) ?? [];
    if (port !== undefined && Number(port) > 0 && Number(port) < 65_536) continue;
    throw new RpcException(`"${broker}" is not the address of a broker: it must be host:port`, {
      code: RpcCode.BadRequest,
    });
  }
}
