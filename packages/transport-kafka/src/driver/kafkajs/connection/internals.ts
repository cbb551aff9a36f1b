import type { Socket } from 'node:net';
import type { Broker, BrokerMetadata, Cluster, Kafka } from 'kafkajs';

/**
 * What is used of kafkajs 2.2.4 beyond its types. All of it is reached from objects that its public API hands over, is
 * changed on our own instances only, and is looked at before it is used: where it is not as expected, kafkajs stays as it is.
 */

export interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<
    number,
    {
      readonly sentAt: number;
      readonly requestTimeout: number;
      readonly entry: { readonly apiKey: number };
      timeoutRequest(): void;
    }
  >;
  readonly throttledUntil: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  requestTimeoutIntervalId?: ReturnType<typeof setInterval>;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

export interface Connection {
  /** The last one, which may be over. */
  socket: Socket | undefined;
  readonly requestQueue: RequestQueue;
  readonly host: string;
  readonly port: number;
  /** Null without. */
  readonly sasl: object | null;
  readonly connectionTimeout: number;
  /** Of the next request. */
  readonly correlationId: number;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  connect(): Promise<unknown>;
  authenticate(): Promise<void>;
  /** Without a log in never; nor shortly before the last one is over. */
  isAuthenticated(): boolean;
  /** When it logged in; null before. */
  readonly authenticatedAt: unknown;
  /** Milliseconds for which the broker takes a log in for good, 64 bits; 0: for ever. */
  readonly sessionLifetime: { toString(): string };
  /** Milliseconds before the end of a log in at which it logs in anew. */
  reauthenticationThreshold: number;
  disconnect(): Promise<unknown>;
  send(request: ProtocolRequest): Promise<unknown>;
  rejectRequests(error: Error): void;
}

export interface ConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly Connection[];
}

interface Destination {
  readonly host?: string;
  readonly port?: number;
  readonly rack?: string | null;
}

export interface ConnectionPoolBuilder {
  build(destination?: Destination): Promise<ConnectionPool>;
}

export interface ProtocolRequest {
  readonly request: unknown;
  readonly response: { decode(data: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
}

export type LookupRequest = (apiKey: number, definition: unknown) => (options: object) => ProtocolRequest;

export interface InnerBroker extends Broker {
  readonly nodeId: number | string | null;
  readonly connectionPool: ConnectionPool;
  lookupRequest: LookupRequest;
  initProducerId(options: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
  createTopics(options: object): Promise<unknown>;
  createPartitions(options: object): Promise<unknown>;
  deleteTopics(options: { topics: readonly string[]; timeout: number }): Promise<unknown>;
  joinGroup(options: { memberId?: string }): Promise<{ memberId: string; generationId: number }>;
  syncGroup(options: { generationId: number; memberId: string }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(options: object): Promise<unknown>;
  leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
}

export interface InnerCluster extends Cluster {
  readonly connectionPoolBuilder: ConnectionPoolBuilder;
  readonly brokerPool: { createBroker(options: object): InnerBroker; readonly metadata: BrokerMetadata | null };
}

/** Is it the kafkajs that we know? */
export function isKnownCluster(cluster: Cluster): cluster is InnerCluster {
  const inner = cluster as Partial<InnerCluster>;
  return (
    typeof inner.connectionPoolBuilder?.build === 'function' && typeof inner.brokerPool?.createBroker === 'function'
  );
}

export function isKnownConnection(connection: Partial<Connection> | undefined): connection is Connection {
  const queue: Partial<RequestQueue> | undefined = connection?.requestQueue;
  return (
    Array.isArray(connection?.chunks) &&
    typeof connection.connect === 'function' &&
    typeof connection.authenticate === 'function' &&
    typeof connection.isAuthenticated === 'function' &&
    typeof connection.disconnect === 'function' &&
    typeof connection.send === 'function' &&
    typeof connection.rejectRequests === 'function' &&
    typeof connection.correlationId === 'number' &&
    typeof connection.connectionTimeout === 'number' &&
    typeof queue?.scheduleCheckPendingRequests === 'function' &&
    typeof queue.scheduleRequestTimeoutCheck === 'function' &&
    Array.isArray(queue.pending) &&
    queue.inflight instanceof Map
  );
}

type CreateCluster = (options: object) => Cluster;

/** How a `Kafka` makes clusters for its producers, consumers and admins, to look at them before they are used. */
export function onCluster(kafka: Kafka, look: (cluster: Cluster) => void): void {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) return;
  const inner = kafka as unknown as Record<symbol, CreateCluster>;
  const create = inner[symbol];
  if (typeof create !== 'function') return;
  inner[symbol] = (options) => {
    const cluster = create(options);
    look(cluster);
    return cluster;
  };
}
