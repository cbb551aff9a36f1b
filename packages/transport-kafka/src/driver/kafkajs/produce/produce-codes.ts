import { RpcCode, RpcException } from '@parley/core/transport';

/** What became of a part of a Produce request, by the error code that the broker gave for its partition. */
export type Verdict =
  | { readonly kind: 'written' }
  /** Not written, and it will not be. */
  | { readonly kind: 'refused'; readonly error: RpcException }
  /** Not written now; the same part can be sent again, `stale` after looking where the partition is. */
  | { readonly kind: 'again'; readonly error: RpcException }
  /** Not written: with several messages the part may be cut in two. */
  | { readonly kind: 'too large'; readonly error: RpcException }
  | { readonly kind: 'missing'; readonly error: RpcException }
  | { readonly kind: 'unknown'; readonly error: RpcException }
  /** The broker does not know (any more) where this producer was: it needs a new identity. */
  | { readonly kind: 'fenced'; readonly error: RpcException };

type Kind = Exclude<Verdict['kind'], 'written'>;

/** https://kafka.apache.org/protocol.html#protocol_error_codes */
const codes = new Map<number, readonly [Kind, RpcCode, string]>([
  [2, ['again', RpcCode.Unavailable, 'the broker says that it arrived corrupted']],
  [3, ['missing', RpcCode.NotFound, 'there is no such topic or partition']],
  [5, ['again', RpcCode.Unavailable, 'the partition has no leader now']],
  [6, ['again', RpcCode.Unavailable, 'the partition has another leader now']],
  [7, ['unknown', RpcCode.ConnectionLost, 'the replicas did not confirm it in time']],
  [9, ['again', RpcCode.Unavailable, 'the replica is not there']],
  [10, ['too large', RpcCode.PayloadTooLarge, 'it is larger than the broker takes (max.message.bytes of the topic)']],
  [13, ['unknown', RpcCode.ConnectionLost, 'the broker lost its connection']],
  [17, ['refused', RpcCode.BadRequest, 'the name of the topic is not valid']],
  [18, ['too large', RpcCode.PayloadTooLarge, 'it is larger than a segment of the topic']],
  [19, ['again', RpcCode.Unavailable, 'too few replicas are in sync (min.insync.replicas)']],
  [20, ['unknown', RpcCode.ConnectionLost, 'too few replicas have it']],
  [21, ['refused', RpcCode.BadRequest, 'the broker does not take this "acks"']],
  [
    29,
    [
      'refused',
      RpcCode.Forbidden,
      'the brokers do not allow this user to write to it (it needs Write and Describe on the topic)',
    ],
  ],
  [
    31,
    [
      'refused',
      RpcCode.Forbidden,
      'the brokers do not allow this user to do that (option "idempotent" needs IdempotentWrite, or Write on a topic)',
    ],
  ],
  [32, ['refused', RpcCode.BadRequest, 'its timestamp is out of the range that the topic takes']],
  [43, ['refused', RpcCode.BadRequest, 'the message format of the topic does not take it']],
  [44, ['refused', RpcCode.BadRequest, 'a policy of the broker forbids it']],
  [45, ['fenced', RpcCode.Unavailable, 'the producer and the broker disagree on what was written']],
  [47, ['fenced', RpcCode.Unavailable, 'the identity of the producer is over']],
  [53, ['refused', RpcCode.Forbidden, 'the brokers do not allow this user to write with this identity']],
  [56, ['again', RpcCode.Unavailable, 'the broker cannot write to its disk']],
  [59, ['fenced', RpcCode.Unavailable, 'the broker does not know the identity of the producer']],
  [74, ['again', RpcCode.Unavailable, 'the partition has another leader now']],
  [75, ['again', RpcCode.Unavailable, 'the partition has another leader now']],
  [76, ['refused', RpcCode.BadRequest, 'the broker does not take this compression']],
  [87, ['refused', RpcCode.BadRequest, 'the broker refuses the record (a compacted topic needs keys)']],
  [89, ['again', RpcCode.Unavailable, 'the broker is over its quota']],
]);

const written: Verdict = { kind: 'written' };

/** Of a sequence that the broker has already: an earlier attempt was written after all. */
const duplicateSequence = 46;

export function verdictOf(code: number, topic: string, partition: number): Verdict {
  if (code === 0 || code === duplicateSequence) return written;
  const [kind, rpcCode, why] = codes.get(code) ?? [
    'unknown',
    RpcCode.ConnectionLost,
    `the broker answered with error ${code}`,
  ];
  const error = new RpcException(`Cannot write to partition ${partition} of the topic "${topic}": ${why}`, {
    code: rpcCode,
  });
  return { kind, error };
}
