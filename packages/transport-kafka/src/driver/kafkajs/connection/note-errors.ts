import type { Connection, RequestQueue } from './internals.ts';
import { note, type Stage, type Whereabouts } from './whereabouts.ts';

/** Number of Kafka's protocol: https://kafka.apache.org/protocol.html#protocol_api_keys */
const apiVersions = 18;

/** ApiVersions, and what is refused: a connection that had more requests was of use once. */
const fewRequests = 2;

/**
 * Notes of each error of this connection how far it had come: a broker that wants something else than it gets (TLS, a log in)
 * hangs up without a word, and the stage is all that tells what it wanted. Changes only the given object.
 */
export function noteErrors(connection: Connection, isAdvertised: boolean): void {
  const connect = connection.connect.bind(connection);
  const rejectRequests = connection.rejectRequests.bind(connection);
  const { requestQueue } = connection;
  const broker = `${connection.host}:${connection.port}`;
  const at = (stage: Stage): Whereabouts => ({ broker, isAdvertised, stage });
  /** The number of the first request of the socket. */
  let first = 0;
  let wasOfUse = false;
  connection.connect = async () => {
    if (!requestQueue.isConnected()) {
      if (connection.correlationId - first > fewRequests) wasOfUse = true;
      first = connection.correlationId;
    }
    try {
      return await connect();
    } catch (error) {
      note(error, at('connecting'));
      throw error;
    }
  };
  connection.rejectRequests = (error) => {
    const isStranger = connection.sasl === null && !wasOfUse;
    note(error, at(requestQueue.isConnected() ? stageOf(requestQueue, first, isStranger) : 'connecting'));
    rejectRequests(error);
  };
}

function stageOf({ inflight }: RequestQueue, first: number, isStranger: boolean): Stage {
  const oldest = Math.min(...inflight.keys());
  const apiKey = inflight.get(oldest)?.entry.apiKey;
  if (apiKey === undefined) return 'talking';
  if (apiKey === apiVersions) return 'greeting';
  return isStranger && oldest - first < fewRequests ? 'unknown' : 'talking';
}
