import { HandlerFrame, outsideOfHandlers } from '../context/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import type { HandlerRegistry, HandlerTable } from '../registry/index.ts';
import type { ResolvedEndpointOptions } from '../seam/index.ts';
import { Abortable } from './abortable.ts';
import { type ServedHandler, type ServerInterceptor, serveHandler } from './interceptor.ts';
import { Lanes } from './lanes.ts';
import type { WarningLog } from './logger.ts';
import { within } from './within.ts';
import { Workload } from './workload.ts';

export interface DispatcherSetup {
  readonly transport: string;
  readonly registry: HandlerRegistry;
  readonly interceptors: readonly ServerInterceptor[];
  readonly options: ResolvedEndpointOptions;
  readonly log: WarningLog;
}

/** What the answering halves of an endpoint's links share: the handlers, the limits, and whether it is going away. */
export class Dispatcher {
  readonly transport: string;
  readonly table: HandlerTable<ServedHandler>;
  readonly options: ResolvedEndpointOptions;
  readonly log: WarningLog;
  readonly workload: Workload;
  readonly lanes = new Lanes();
  /** Ends what waits to be tried again: those events stay with the broker. */
  readonly #draining = new AbortController();
  /** Aborts when time is up for what still runs. */
  readonly stopping = new Abortable();

  constructor({ transport, registry, interceptors, options, log }: DispatcherSetup) {
    this.transport = transport;
    const outside = outsideOfHandlers();
    this.table = registry.forTransport(transport, (record) =>
      serveHandler(record, interceptors, options.retry, new HandlerFrame(outside)),
    );
    this.options = options;
    this.log = log;
    this.workload = new Workload(options.concurrency);
  }

  /** Aborts when nothing new is taken any more. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** From here requests are refused with 503, and failed events are left to the broker. */
  drain(): void {
    this.#draining.abort();
  }

  /** Waits until nothing runs, at most `timeout` ms; then aborts the signals of what is left. */
  async finish(timeout: number): Promise<void> {
    this.drain();
    if (!(await within(timeout, this.workload.whenIdle()))) {
      this.log.warn(
        `${this.workload.running} handlers did not finish within ${Math.round(timeout)} ms and were cancelled`,
      );
    }
    this.stopping.abort(new RpcException('The service is closing', { code: RpcCode.Cancelled }));
  }
}
