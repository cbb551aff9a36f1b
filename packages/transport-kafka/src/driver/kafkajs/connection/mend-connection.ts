import type { Socket } from 'node:net';
import type { Connection, RequestQueue } from './internals.ts';

/** An int32 that tells the size of the response. */
const sizeBytes = 4;

/** What kafkajs 2.2.4 gets wrong about one connection; changes only the given object. */
export function mendConnection(connection: Connection): void {
  const ending = endOnce(connection);
  connectOnce(connection, ending);
  endWhenRefused(connection);
  const queue = connection.requestQueue;
  waitForNothing(queue);
  checkTimeoutsSeldom(queue);
}

/**
 * When it has ended, the socket is let go: one that ends late otherwise ends its successor, one that connects late is taken
 * for it, and each further `disconnect` adds a listener to the dead one. Gives the end that is under way.
 */
function endOnce(connection: Connection): () => Promise<unknown> | undefined {
  const disconnect = connection.disconnect.bind(connection);
  let ending: Promise<unknown> | undefined;
  connection.disconnect = () => {
    ending ??= disconnect().finally(() => {
      letGo(connection.socket);
      connection.socket = undefined;
      ending = undefined;
    });
    return ending;
  };
  return () => ending;
}

function letGo(socket: Socket | undefined): void {
  if (socket === undefined) return;
  for (const event of ['connect', 'secureConnect', 'data', 'end', 'timeout']) socket.removeAllListeners(event);
  socket.removeAllListeners('error').on('error', () => undefined);
  if (socket.connecting) socket.destroy();
  // So that the other side's end is seen.
  else socket.resume();
}

/**
 * Two calls at once make two sockets, both read into the same buffer; what was left in it of a response that was cut off
 * is taken for the beginning of the next connection's; and an end that is under way would end the new socket.
 */
function connectOnce(connection: Connection, ending: () => Promise<unknown> | undefined): void {
  const connect = connection.connect.bind(connection);
  const begin = async (): Promise<unknown> => {
    await ending();
    if (!connection.requestQueue.isConnected()) {
      connection.chunks = [];
      connection.bytesBuffered = 0;
      connection.bytesNeeded = sizeBytes;
    }
    return connect();
  };
  let connecting: Promise<unknown> | undefined;
  connection.connect = () => {
    connecting ??= begin().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
}

/** The broker closes a connection that it has refused; kafkajs goes on with it, and then tells of that instead of the password. */
function endWhenRefused(connection: Connection): void {
  const authenticate = connection.authenticate.bind(connection);
  connection.authenticate = async () => {
    try {
      await authenticate();
    } catch (error) {
      await connection.disconnect();
      throw error;
    }
  };
}

/** kafkajs looks every millisecond for requests that wait, also when none does (tulios/kafkajs#1556, #1704, #1751). */
function waitForNothing(queue: RequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0 || queue.throttledUntil > Date.now()) schedule();
  };
}

/**
 * Every second instead of every 100 ms: timeouts are seconds long. And until none is left: kafkajs stops when it
 * disconnects, which waits for the requests under way, and so for ever when a broker does not answer.
 */
function checkTimeoutsSeldom(queue: RequestQueue): void {
  queue.scheduleRequestTimeoutCheck = () => {
    if (!queue.enforceRequestTimeout) return;
    queue.destroy();
    queue.requestTimeoutIntervalId = setInterval(
      () => {
        const now = Date.now();
        for (const request of [...queue.inflight.values()]) {
          if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
        }
        if (!queue.isConnected() && queue.inflight.size === 0) queue.destroy();
      },
      Math.min(queue.requestTimeout, 1000),
    );
  };
}
