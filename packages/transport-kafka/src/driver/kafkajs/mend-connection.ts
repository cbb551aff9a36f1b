import type { Socket } from 'node:net';
import type { Connection, RequestQueue } from './internals.ts';

/** An int32 that tells the size of the response. */
const sizeBytes = 4;

/** What kafkajs 2.2.4 gets wrong about one connection; changes only the given object. */
export function mendConnection(connection: Connection): void {
  shareConnect(connection);
  endWhenRefused(connection);
  const queue = connection.requestQueue;
  waitForNothing(queue);
  checkTimeoutsSeldom(queue);
}

/**
 * Two calls at once make two sockets, both read into the same buffer; what was left in it of a response that was cut off
 * is taken for the beginning of the next connection's; and when a socket ends late, the next one is taken to have ended.
 */
function shareConnect(connection: Connection): void {
  const connect = connection.connect.bind(connection);
  let connecting: Promise<unknown> | undefined;
  connection.connect = () => {
    if (connecting === undefined) {
      if (!connection.requestQueue.isConnected()) {
        letGo(connection.socket);
        connection.chunks = [];
        connection.bytesBuffered = 0;
        connection.bytesNeeded = sizeBytes;
      }
      connecting = connect().finally(() => {
        connecting = undefined;
      });
    }
    return connecting;
  };
}

function letGo(socket: Socket | undefined): void {
  if (socket === undefined) return;
  for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event);
  socket.on('error', () => undefined);
  socket.destroy();
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

/** Every second instead of every 100 ms: timeouts are seconds long. */
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
        if (!queue.isConnected()) queue.destroy();
      },
      Math.min(queue.requestTimeout, 1000),
    );
  };
}
