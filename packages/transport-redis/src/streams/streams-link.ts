import { RpcCode, RpcException } from '@parley/core/transport';
import { PubSubLink } from '../pubsub/pubsub-link.ts';

/** `mode: 'streams'`. */
export class StreamsLink extends PubSubLink {
  override open(): Promise<void> {
    return Promise.reject(new RpcException('redis: streams come next', { code: RpcCode.Unsupported }));
  }
}
