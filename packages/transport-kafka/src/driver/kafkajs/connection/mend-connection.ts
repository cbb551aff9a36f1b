import type { Socket } from 'node:net';
import type { Connection } from './internals.ts';
import { mendLogin } from './mend-login.ts';
import { noteErrors } from './note-errors.ts';

/** An int32 that tells the size of the response. */
const sizeBytes = 4;

/** Number of Kafka's protocol: https://kafka.apache.org/protocol.html#protocol_api_keys */
const apiVersions = 18;

/**
 * What kafkajs 2.2.4 gets wrong about one connection; changes only the given object.
 *
 * @param isAdvertised the brokers gave its address, and the user did not.
 */
export function mendConnection(connection: Connection, isAdvertised: boolean): void {
  noteErrors(connection, isAdvertised);
  mendLife(connection);
  mendLogin(connection, isAdvertised);
  waitForNothing(connection);
  checkTimeoutsSeldom(connection);
}

/**
 * One beginning and one end at a time, the next beginning after the end. In kafkajs two calls at once make two sockets,
 * both read into the same buffer; what was left in it of a response that was cut off is taken for the beginning of the
 * next connection's; an end that comes late ends the next socket; and each `disconnect` adds a listener to the dead one.
 */
function mendLife(connection: Connection): void {
  const connect = connection.connect.bind(connection);
  const disconnect = connection.disconnect.bind(connection);
  let connecting: Promise<unknown> | undefined;
  let ending: Promise<unknown> | undefined;
  let isAttempting = false;

  const begin = async (): Promise<unknown> => {
    await ending;
    if (!connection.requestQueue.isConnected()) {
      connection.chunks = [];
      connection.bytesBuffered = 0;
      connection.bytesNeeded = sizeBytes;
    }
    isAttempting = true;
    return connect();
  };
  connection.connect = () => {
    connecting ??= begin().finally(() => {
      isAttempting = false;
      connecting = undefined;
    });
    return connecting;
  };
  connection.disconnect = () => {
    ending ??= disconnect().finally(() => {
      // Whoever waits for a connection that is ended before it is there has to hear of it.
      if (isAttempting) connection.socket?.destroy(new Error('ended before it was connected'));
      else letGo(connection.socket);
      connection.socket = undefined;
      ending = undefined;
    });
    return ending;
  };
}

/** Nothing that still happens to this socket is the connection's business. */
function letGo(socket: Socket | undefined): void {
  if (socket === undefined) return;
  for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event);
  socket.on('error', () => undefined);
  // So that the other side's end is seen.
  socket.resume();
}

/** kafkajs looks every millisecond for requests that wait, also when none does (tulios/kafkajs#1556, #1704, #1751). */
function waitForNothing({ requestQueue: queue }: Connection): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0 || queue.throttledUntil > Date.now()) schedule();
  };
}

/**
 * Every second instead of every 100 ms: timeouts are seconds long. And until none is left: kafkajs stops when it
 * disconnects, which waits for the requests under way, and so for ever when a broker does not answer. The first request of
 * all is to be answered within `connectionTimeout`, as kafkajs means it but does not do it: who does not answer it is no Kafka.
 */
function checkTimeoutsSeldom({ requestQueue: queue, connectionTimeout }: Connection): void {
  queue.scheduleRequestTimeoutCheck = () => {
    if (!queue.enforceRequestTimeout) return;
    queue.destroy();
    queue.requestTimeoutIntervalId = setInterval(
      () => {
        const now = Date.now();
        for (const request of [...queue.inflight.values()]) {
          const { apiKey } = request.entry;
          const timeout = apiKey === apiVersions ? connectionTimeout : request.requestTimeout;
          if (now - request.sentAt > timeout) request.timeoutRequest();
        }
        if (!queue.isConnected() && queue.inflight.size === 0) queue.destroy();
      },
      Math.min(queue.requestTimeout, connectionTimeout, 1000),
    );
  };
}
