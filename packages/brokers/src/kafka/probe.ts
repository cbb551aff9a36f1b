import { connect } from 'node:net';

/** How long a node may take to answer, in ms, before it is asked anew. */
const patience = 2_000;

/** Size, api key 3 (Metadata), version 1, correlation 0, no client id, no topics. */
const metadataRequest = Buffer.from('0000000e0003000100000000ffff00000000', 'hex');

/**
 * Asks a node which nodes are up, by Kafka's protocol. It answers only when it is up itself.
 *
 * @returns their ids, in order. @throws Error if it does not answer.
 */
export function askForNodes(port: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.setTimeout(patience, () => socket.destroy());
    socket.on('connect', () => socket.write(metadataRequest));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`port ${port} does not answer`)));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      socket.destroy();
      resolve(nodeIds(answer));
    });
  });
}

/** Size, correlation, then an array of id, host, port and rack. */
function nodeIds(answer: Buffer): number[] {
  const ids: number[] = [];
  let at = 12;
  for (let left = answer.readInt32BE(8); left > 0; left -= 1) {
    ids.push(answer.readInt32BE(at));
    at += 4;
    at += 2 + answer.readInt16BE(at) + 4;
    at += 2 + Math.max(0, answer.readInt16BE(at));
  }
  return ids.sort((a, b) => a - b);
}
