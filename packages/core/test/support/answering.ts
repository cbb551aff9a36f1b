import type { UntypedCaller } from '../../src/context/index.ts';
import { Dispatcher, Responder, type ServerInterceptor, WarningLog } from '../../src/dispatch/index.ts';
import { type HandlerRecord, HandlerRegistry } from '../../src/registry/index.ts';
import { type EndpointOptions, resolveEndpointOptions } from '../../src/seam/index.ts';
import { FakeLink } from './fake-link.ts';
import { LogBook } from './log-book.ts';

/** The answering half of a session over a link of the test's own. */
export class Answering {
  readonly link: FakeLink;
  readonly logger = new LogBook();
  readonly dispatcher: Dispatcher;
  readonly responder: Responder;

  constructor(
    records: readonly HandlerRecord[],
    options: EndpointOptions = {},
    link = new FakeLink(),
    interceptors: readonly ServerInterceptor[] = [],
  ) {
    const registry = new HandlerRegistry();
    for (const record of records) registry.add(record);
    this.link = link;
    this.dispatcher = new Dispatcher({
      transport: 'test',
      registry,
      interceptors,
      options: resolveEndpointOptions('test', options),
      log: new WarningLog(this.logger, 'server'),
    });
    this.responder = new Responder(link, this.dispatcher, noCaller);
  }
}

const unused = () => {
  throw new Error('Nothing is called here');
};
const noCaller: UntypedCaller = { send: unused, stream: unused, emit: unused };
