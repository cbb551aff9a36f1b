import type { Buffer } from 'node:buffer';
import type { RpcException } from '@parley/core/transport';
import type { DriverMessage } from '../driver/driver.ts';
import type { RecordContent } from '../wire/write-record.ts';

/** Who is told what became of a message. */
export type Settled = (reason: RpcException | undefined) => void;

export interface Place {
  readonly partition?: number | undefined;
  readonly key?: Buffer | string | null | undefined;
}

/** What a record takes beside its value: key, headers and Kafka's own. About; it is for limits that are in megabytes. */
const about = 256;

/** A message on its way to Kafka. */
export class Outgoing implements DriverMessage {
  readonly key: Buffer | string | null | undefined;
  readonly value: DriverMessage['value'];
  headers: DriverMessage['headers'];
  /** Set when it leaves, where it may go to any. */
  partition: number | undefined;
  /** In bytes, about. */
  readonly size: number;
  /** Told once. `undefined`: nobody wants to know. */
  readonly settled: Settled | undefined;
  /** By `performance.now()`. */
  readonly since = performance.now();
  /** It came back because its topic was gone. */
  wasResent = false;

  constructor({ value, headers }: RecordContent, { partition, key }: Place, settled?: Settled) {
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.partition = partition;
    this.size = about + (value?.length ?? 0);
    this.settled = settled;
  }

  /** Its time has come; `now` is `performance.now()`. */
  leaves(_now: number): void {}
}
