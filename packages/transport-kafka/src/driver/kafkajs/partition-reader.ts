import { RpcCode, RpcException } from '@parley/core/transport';
import type { Broker } from 'kafkajs';
import type { DriverRecord, PartitionReader, ReaderOptions, ReaderOwner } from '../driver.ts';
import { backoffDelay, Pause, settled } from './backoff.ts';
import { type OpenCluster, openCluster } from './connection/open-cluster.ts';
import { Topology } from './connection/topology.ts';
import { driverError, isFatal, kindOf, rootOf } from './errors.ts';
import { fetchFrom } from './fetch/fetch-from.ts';
import { anyPartition } from './produce/chunk.ts';
import type { Shared } from './shared.ts';

/** A leader that moves or a connection that is made anew takes less; nothing is lost by it, so nobody is told. */
const lostAfter = 300;
/** What a topic that was just made, or a leader that has just moved, may take to work. */
const startGrace = 2000;
const passing = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
]);

/** Fetches from the partition's leader in a loop of its own; kafkajs's consumers read only as a group. */
export class KafkaJsReader implements PartitionReader {
  readonly #shared: Shared;
  readonly #options: ReaderOptions;
  readonly #owner: ReaderOwner;
  readonly #cluster: OpenCluster;
  readonly #topology: Topology;
  readonly #pause = new Pause();
  #partition: number;
  /** The next offset to hand over: fetches return whole batches, which may begin before it. */
  #position = 0;
  /** The topic was not there: it is read from its beginning when it is back. */
  #anew = false;
  #failingSince: number | undefined;
  #lost = false;
  #loop: Promise<void> | undefined;
  #closed = false;
  /** Ends the wait for an owner that takes no more now. */
  #goOn: (() => void) | undefined;

  constructor(shared: Shared, options: ReaderOptions, owner: ReaderOwner) {
    this.#shared = shared;
    this.#options = options;
    this.#owner = owner;
    this.#partition = options.partition ?? -1;
    this.#cluster = openCluster(shared.options);
    this.#topology = new Topology(this.#cluster.cluster);
  }

  get partition(): number {
    return this.#partition;
  }

  async start(): Promise<void> {
    const begun = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#begin();
        break;
      } catch (error) {
        const passes = passing.has(kindOf(error)) && performance.now() - begun < startGrace && !this.#closed;
        if (!passes) throw driverError(`Cannot read the topic "${this.#options.topic}"`, error);
      }
      await this.#pause.wait(backoffDelay(attempt));
    }
    if (this.#closed) throw new RpcException('The reader is closed', { code: RpcCode.Unavailable });
    this.#loop = this.#run();
  }

  async close(timeout: number): Promise<void> {
    this.#closed = true;
    this.#goOn?.();
    this.#pause.end();
    // The fetch under way would be answered only when a record comes or its time is over.
    this.#cluster.sockets.close();
    await settled(Promise.allSettled([this.#loop, this.#cluster.cluster.disconnect()]), timeout);
    this.#shared.gone(this);
  }

  async #begin(): Promise<void> {
    const { topic, partition } = this.#options;
    await this.#topology.refresh([topic]);
    const known = this.#topology.find(topic) ?? [];
    if (known.length === 0) this.#shared.missing(topic);
    this.#partition = partition ?? anyPartition(known);
    if (known[this.#partition] === undefined) throw missingError(topic, partition);
    this.#position = await this.#offsetAt(this.#options.from === 'beginning' ? 'earliest' : 'latest');
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#closed) {
      try {
        if (this.#failingSince !== undefined) await this.#recover();
        const records = await this.#fetch();
        if (this.#closed) return;
        attempt = 0;
        this.#succeeded();
        if (records.length > 0) await this.#hand(records);
      } catch (error) {
        if (this.#closed) return;
        await this.#failed(error);
        await this.#pause.wait(backoffDelay(attempt++));
      }
    }
  }

  async #fetch(): Promise<readonly DriverRecord[]> {
    const { topic, maxWaitTime = 1000 } = this.#options;
    const broker = await this.#leader();
    const place = { topic, partition: this.#partition };
    const { records, next } = await fetchFrom(broker, place, this.#position, maxWaitTime);
    this.#position = next;
    return records;
  }

  async #leader(): Promise<Broker> {
    const leader = this.#topology.find(this.#options.topic)?.[this.#partition]?.leader ?? -1;
    if (leader < 0) throw new RpcException('the partition has no leader now', { code: RpcCode.Unavailable });
    return this.#cluster.cluster.findBroker({ nodeId: String(leader) });
  }

  /** Looks where the partition is now, and where to go on in it. */
  async #recover(): Promise<void> {
    const { topic, partition } = this.#options;
    await this.#topology.refresh([topic]);
    const known = this.#topology.find(topic) ?? [];
    if (known[this.#partition] === undefined) {
      this.#anew = true;
      if (known.length === 0 || partition !== undefined) {
        this.#shared.missing(topic);
        this.#tell(() => this.#owner.missing());
        throw missingError(topic, this.#partition);
      }
      // Whoever writes to it has to hear where that is, though it was not lost for long.
      this.#tellLost(missingError(topic, this.#partition));
      this.#partition = anyPartition(known);
    }
    if (!this.#anew) return;
    const [first, end] = [await this.#offsetAt('earliest'), await this.#offsetAt('latest')];
    if (this.#position < first || this.#position > end) this.#tellLost(goneError(topic));
    this.#position = first;
    this.#anew = false;
  }

  async #offsetAt(place: 'latest' | 'earliest'): Promise<number> {
    const { topic } = this.#options;
    const partitions = [{ partition: this.#partition }];
    const [found] = await this.#cluster.cluster.fetchTopicsOffset([
      { topic, partitions, fromBeginning: place === 'earliest' },
    ]);
    const offset = found?.partitions[0]?.offset;
    if (offset === undefined)
      throw new RpcException('the broker did not tell its offsets', { code: RpcCode.Unavailable });
    return Number(offset);
  }

  async #failed(error: unknown): Promise<void> {
    const kind = kindOf(error);
    if (kind === 'OFFSET_OUT_OF_RANGE' || kind === 'KafkaJSOffsetOutOfRange' || kind === 'UNKNOWN_TOPIC_OR_PARTITION')
      this.#anew = true;
    if (kind === 'KafkaJSConnectionClosedError') this.#removeBroker(error);
    if (kind === 'KafkaJSRequestTimeoutError') this.#cluster.sockets.cut('the broker did not answer in time');
    const reason = driverError(`The topic "${this.#options.topic}" cannot be read`, error);
    if (kind === 'KafkaJSNotImplemented') await this.#skip(reason);
    this.#failingSince ??= performance.now();
    if (performance.now() - this.#failingSince >= lostAfter || isFatal(reason)) this.#tellLost(reason);
  }

  /** Of a record that cannot be decompressed nobody knows where it ends: go on with what is written from now on. */
  async #skip(reason: RpcException): Promise<void> {
    this.#shared.warnOnce(
      `Records of the topic "${this.#options.topic}" were skipped: they cannot be decompressed`,
      reason,
    );
    this.#tellLost(reason);
    try {
      this.#position = await this.#offsetAt('latest');
    } catch {
      // It is met, and skipped, again.
    }
  }

  #removeBroker(error: unknown): void {
    const { host, port } = rootOf(error) as { host?: string; port?: number };
    try {
      if (host !== undefined && port !== undefined) this.#cluster.cluster.removeBroker({ host, port });
    } catch {
      // It has removed the last one already.
    }
  }

  #succeeded(): void {
    this.#failingSince = undefined;
    if (!this.#lost) return;
    this.#lost = false;
    this.#tell(() => this.#owner.restored());
  }

  /** Whoever closes does not wait for an owner that has no room. */
  async #hand(records: readonly DriverRecord[]): Promise<void> {
    let taken: Promise<void> | undefined;
    this.#tell(() => {
      taken = this.#owner.records(records) ?? undefined;
    });
    if (taken === undefined || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      taken?.then(resolve, resolve);
    });
  }

  #tellLost(reason: RpcException): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#tell(() => this.#owner.lost(reason));
  }

  #tell(what: () => void): void {
    if (this.#closed) return;
    try {
      what();
    } catch (error) {
      this.#shared.options.warn('The owner of a Kafka reader threw', error);
    }
  }
}

/** Of a topic that was deleted and made anew, or whose records were deleted: it may have had some that were not read. */
function goneError(topic: string): RpcException {
  const message = `What was written to the topic "${topic}" and not read yet was deleted`;
  return new RpcException(message, { code: RpcCode.ConnectionLost });
}

function missingError(topic: string, partition: number | undefined): RpcException {
  const what = partition === undefined || partition < 0 ? 'it does not exist' : `it has no partition ${partition}`;
  return new RpcException(`Cannot read the topic "${topic}": ${what}`, { code: RpcCode.NotFound });
}
