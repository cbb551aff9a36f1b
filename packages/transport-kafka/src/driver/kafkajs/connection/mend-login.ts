import { messageOf, RpcCode, RpcException } from '@parley/core/transport';
import type { Connection, ProtocolRequest } from './internals.ts';
import { note, type Whereabouts } from './whereabouts.ts';

/** Numbers of Kafka's protocol: https://kafka.apache.org/protocol.html#protocol_api_keys */
const saslHandshake = 17;
const saslAuthenticate = 36;
/** An int32. */
const sizeBytes = 4;

/** What is sent before a log in, and during it. */
const loginKeys: ReadonlySet<unknown> = new Set([18, saslHandshake, saslAuthenticate]);

/** kafkajs's names of errors after which the next attempt may do better. */
const passing = /^KafkaJS(Connection|RequestTimeout)/;

/**
 * What kafkajs gets wrong about a log in. It goes on with a connection that the broker has refused and closes, and then tells of
 * that instead of the password. It calls a broker that went away meanwhile, or did not answer, one that refused. It does
 * not read why a token is refused, and takes that for the answer to what it asks next. And it keeps to itself which
 * mechanisms the broker takes. All of that also when it logs in anew, since the session of the last log in is over. Changes only
 * the given object.
 */
export function mendLogin(connection: Connection, isAdvertised: boolean): void {
  const authenticate = connection.authenticate.bind(connection);
  const send = connection.send.bind(connection);
  const broker = `${connection.host}:${connection.port}`;
  // Else kafkajs logs in by itself, past what is mended here.
  const sendLoggedIn = async (request: ProtocolRequest): Promise<unknown> => {
    if (!connection.isAuthenticated() && !loginKeys.has(keyOf(request))) await connection.authenticate();
    return send(request);
  };
  if (connection.sasl === null) return;
  const threshold = connection.reauthenticationThreshold;
  connection.send = sendLoggedIn;
  connection.authenticate = async () => {
    let failure: unknown;
    let mechanisms: readonly string[] | undefined;
    const heard = (those: readonly string[]): void => {
      mechanisms = those;
    };
    connection.send = async (request) => {
      try {
        const answer = await send(keyOf(request) === saslHandshake ? overheard(request, heard) : request);
        if (keyOf(request) === saslAuthenticate) checkToken(connection, answer);
        return answer;
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    const stage = connection.authenticatedAt === null ? 'login' : 'relogin';
    try {
      await authenticate();
      connection.reauthenticationThreshold = Math.min(threshold, halfOf(connection.sessionLifetime));
    } catch (error) {
      await connection.disconnect();
      const where = { broker, isAdvertised, stage, mechanisms } as const;
      throw reasonOf(error, failure, where);
    } finally {
      connection.send = sendLoggedIn;
    }
  };
}

/** One that is over sooner than kafkajs wants to log in anew would have it do so before each request, which brokers refuse. */
function halfOf(lifetime: Connection['sessionLifetime']): number {
  const milliseconds = Number(lifetime.toString());
  return milliseconds > 0 ? Math.floor(milliseconds / 2) : Number.POSITIVE_INFINITY;
}

function reasonOf(error: unknown, failure: unknown, where: Whereabouts): unknown {
  const reason = passing.test(nameOf(failure)) ? failure : error;
  note(reason, where);
  return nameOf(reason).startsWith('KafkaJS') ? reason : providerError(reason, where);
}

/** Not kafkajs's: what fetches the token, or speaks the mechanism. Without its cause, which may hold what it asked with. */
function providerError(reason: unknown, { broker }: Whereabouts): RpcException {
  const cause = reason instanceof Error && reason.cause !== undefined ? `: ${messageOf(reason.cause)}` : '';
  const message = `Cannot log in to Kafka at ${broker}: the function in the option "sasl" failed: ${messageOf(reason)}${cause}`;
  return new RpcException(message, { code: RpcCode.Unavailable });
}

/** Who takes a token answers nothing; else with JSON that says why not: https://www.rfc-editor.org/rfc/rfc7628#section-3.2.2 */
function checkToken({ sasl }: Connection, answer: unknown): void {
  const { mechanism } = (sasl ?? {}) as { readonly mechanism?: unknown };
  const { authBytes } = (answer ?? {}) as { readonly authBytes?: unknown };
  // kafkajs puts the size before it.
  const said = Buffer.isBuffer(authBytes) ? authBytes.subarray(sizeBytes).toString() : '';
  if (mechanism === 'oauthbearer' && said !== '') throw new Error(`the token is refused: ${said}`);
}

function keyOf({ request }: ProtocolRequest): unknown {
  return (request as { readonly apiKey?: unknown } | undefined)?.apiKey;
}

function overheard(handshake: ProtocolRequest, heard: (mechanisms: readonly string[]) => void): ProtocolRequest {
  const { response } = handshake;
  return {
    ...handshake,
    response: {
      decode: async (data) => {
        const decoded = await response.decode(data);
        const { enabledMechanisms } = decoded as { readonly enabledMechanisms?: unknown };
        if (Array.isArray(enabledMechanisms)) heard(enabledMechanisms.map(String));
        return decoded;
      },
      parse: (data) => response.parse(data),
    },
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
