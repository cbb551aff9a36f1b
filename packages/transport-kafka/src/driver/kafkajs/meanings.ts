import { RpcCode } from '@parley/core/transport';

/**
 * What the errors of Kafka, of kafkajs and of Node mean for a user of this transport. Code 503 says that trying again may
 * help; 400, 401, 403 and 501 that somebody has to change something.
 */
export interface Meaning {
  readonly code: RpcCode;
  /** Instead of what the error says. Default: that. */
  readonly why?: string;
  /** What to do. */
  readonly advice?: string;
}

const { BadRequest, Forbidden, NotFound, PayloadTooLarge, Unauthenticated, Unavailable, Unsupported } = RpcCode;

const tooOld = 'Is it a Kafka of long ago, or something else that speaks its protocol?';

/** What a broker says that knows us, and does not want us: by kafkajs's name, and the protocol's. */
const refused: Meaning = {
  code: Unauthenticated,
  why: 'the broker refuses the credentials',
  advice: 'Check the option "sasl": the user, the password, and whether the user has one for this mechanism.',
};

/** By the protocol's name of an error (https://kafka.apache.org/protocol.html#protocol_error_codes), or kafkajs's own. */
export const kinds: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [
    'TOPIC_AUTHORIZATION_FAILED',
    {
      code: Forbidden,
      why: 'the brokers do not allow this user to do that with the topic',
      advice: 'It needs Describe, Read and Write there, and Create where topics are made (README, Operations).',
    },
  ],
  [
    'GROUP_AUTHORIZATION_FAILED',
    {
      code: Forbidden,
      why: 'the brokers do not allow this user to be in the group',
      advice: 'It needs Read on the groups (option "group") "<group>" and "<group>.rpc".',
    },
  ],
  [
    'CLUSTER_AUTHORIZATION_FAILED',
    {
      code: Forbidden,
      why: 'the brokers do not allow this user to do that',
      advice:
        'To make topics it needs Create on them or on the cluster; else make them yourself ("createTopics": false).',
    },
  ],
  [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    { code: Forbidden, advice: 'It needs IdempotentWrite on the cluster (option "idempotent").' },
  ],
  ['KafkaJSSASLAuthenticationError', refused],
  ['SASL_AUTHENTICATION_FAILED', refused],
  [
    'UNSUPPORTED_SASL_MECHANISM',
    {
      code: BadRequest,
      why: 'the broker does not take this way to log in',
      advice: 'Give another "sasl.mechanism", with what it needs.',
    },
  ],
  [
    'ILLEGAL_SASL_STATE',
    {
      code: BadRequest,
      why: 'the broker wants no log in there, and gets one',
      advice: 'Leave the option "sasl" away, or give the port of a listener that has SASL in "brokers".',
    },
  ],
  [
    'INVALID_SESSION_TIMEOUT',
    {
      code: BadRequest,
      why: 'the brokers do not allow this "sessionTimeout"',
      advice:
        'Give one from their group.min.session.timeout.ms (6000, if nobody changed it) to their group.max.session.timeout.ms (1800000), or change these.',
    },
  ],
  [
    'INVALID_REPLICATION_FACTOR',
    {
      code: BadRequest,
      advice: 'Check the option "topics.replication" (without it, the default.replication.factor of the brokers).',
    },
  ],
  ['INVALID_PARTITIONS', { code: BadRequest, advice: 'Check the option "topics.partitions".' }],
  [
    'INVALID_CONFIG',
    { code: BadRequest, advice: 'Check "topics.config", and the retentions, in the option "topics".' },
  ],
  [
    'POLICY_VIOLATION',
    {
      code: BadRequest,
      advice: 'A policy of the brokers refuses it (create.topic.policy.class.name): check the option "topics".',
    },
  ],
  ['INVALID_GROUP_ID', { code: BadRequest, advice: 'Check the option "group".' }],
  [
    'INCONSISTENT_GROUP_PROTOCOL',
    {
      code: BadRequest,
      why: 'others are in this group who share partitions out in another way',
      advice: 'Is it the group of another application? Give another "group".',
    },
  ],
  [
    'GROUP_MAX_SIZE_REACHED',
    { code: BadRequest, why: 'the group has as many members as it may have (group.max.size of the brokers)' },
  ],
  [
    'GROUP_COORDINATOR_NOT_AVAILABLE',
    {
      code: Unavailable,
      why: 'the brokers have nobody to coordinate the group now',
      advice:
        'Where that stays, they cannot make their topic __consumer_offsets: is their offsets.topic.replication.factor larger than their number?',
    },
  ],
  ['INVALID_TOPIC_EXCEPTION', { code: BadRequest }],
  ['INVALID_REQUIRED_ACKS', { code: BadRequest, advice: 'Check the option "acks".' }],
  ['INVALID_TIMESTAMP', { code: BadRequest }],
  ['INVALID_REQUEST', { code: BadRequest }],
  ['INVALID_RECORD', { code: BadRequest }],
  ['UNSUPPORTED_FOR_MESSAGE_FORMAT', { code: BadRequest }],
  ['UNSUPPORTED_COMPRESSION_TYPE', { code: BadRequest, advice: 'Check the option "compression".' }],
  ['UNSUPPORTED_VERSION', { code: Unsupported, advice: tooOld }],
  ['KafkaJSServerDoesNotSupportApiKey', { code: Unsupported, advice: tooOld }],
  ['KafkaJSNotImplemented', { code: BadRequest, advice: 'Register a codec for it with kafkajs (CompressionCodecs).' }],
  ['TypeError', { code: BadRequest }],
  ['RangeError', { code: BadRequest }],
  ['UNKNOWN_TOPIC_OR_PARTITION', { code: NotFound, advice: 'Was the topic deleted?' }],
  ['MESSAGE_TOO_LARGE', { code: PayloadTooLarge }],
  ['RECORD_LIST_TOO_LARGE', { code: PayloadTooLarge }],
  [
    'KafkaJSLockTimeout',
    {
      code: Unavailable,
      why: 'others wait for the same connection already, which does not come about in time',
      advice: 'Is the broker overloaded (options "kafkajs.connectionTimeout", "kafkajs.authenticationTimeout")?',
    },
  ],
]);

/** What Node says of a connection that did not come about, by its code. The address is to blame, or who is there. */
export const addressCodes: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there. Is Kafka started?'],
  ['ENOTFOUND', 'the host name is not known. Is it spelled right, and does the DNS know it?'],
  ['EAI_AGAIN', 'the DNS did not answer. Is the network up?'],
  ['ETIMEDOUT', 'nobody answered in time. Is the host up, and does a firewall let the port through?'],
  ['EHOSTUNREACH', 'there is no route to the host. Is the network up?'],
  ['ENETUNREACH', 'there is no route to the host. Is the network up?'],
]);

/** Node's and OpenSSL's names for TLS that will not be better the next time. */
const tlsTrouble: readonly { readonly is: RegExp; readonly why: string; readonly advice: string }[] = [
  {
    is: /ALTNAME|HOSTNAME_MISMATCH/,
    why: 'its certificate is for another host',
    advice:
      'Name it in "brokers" (and in its advertised.listeners) as the certificate does, or say what that names in "ssl": { servername }.',
  },
  {
    is: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    why: 'its certificate is not valid now',
    advice: 'Renew it, or mend the clock. (No change of the option "ssl" makes it safe.)',
  },
  {
    // What the other side says of ours, by TLS 1.3 and before.
    is: /ALERT_(BAD_CERT|CERT|UNKNOWN_CA|UNKNOWN_CERT|NO_CERT|UNSUPPORTED_CERT|ACCESS_DENIED)|ALERT_HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED/,
    why: 'it wants a certificate of this client, or does not trust the one that it gets',
    advice: 'Give one of an authority that it trusts in the option "ssl": { cert, key }.',
  },
  {
    is: /SELF_SIGNED|^UNABLE_TO_|^CERT_|_CERT_|INVALID_CA|DEPTH_ZERO/,
    why: 'its certificate is not trusted',
    advice: 'Give the authority that signed it in the option "ssl": { ca }.',
  },
  {
    is: /^EPROTO$|^ERR_(SSL|OSSL|TLS)/,
    why: 'TLS failed',
    advice: 'Check the option "ssl", and whether the broker speaks TLS on this port.',
  },
];

export function tlsMeaning(code: string): Meaning | undefined {
  const found = tlsTrouble.find(({ is }) => is.test(code));
  return found && { code: BadRequest, why: found.why, advice: found.advice };
}
