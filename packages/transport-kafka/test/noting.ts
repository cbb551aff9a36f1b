import { connect } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** Numbers of requests, as in https://kafka.apache.org/protocol.html#protocol_api_keys. */
export const api = { produce: 0, createTopics: 19 } as const;

/** Connects, and tells of each request as it leaves, with the number of its kind. */
export function noting(told: (api: number, request: Buffer) => void): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const write: (chunk: Buffer, ...rest: never[]) => boolean = socket.write.bind(socket);
    socket.write = (chunk: Buffer, ...rest: never[]) => {
      // 4 bytes of length, 2 of the kind.
      told(chunk.readInt16BE(4), chunk);
      return write(chunk, ...rest);
    };
    return socket;
  };
}
