import { RpcCode } from '@parley/core/transport';

/** Bytes that break the protocol, or a message that it cannot carry. Never leaves the transport as it is. */
export class FrameError extends Error {
  readonly code: RpcCode;

  constructor(message: string, code: RpcCode = RpcCode.BadRequest) {
    super(message);
    this.code = code;
  }
}
