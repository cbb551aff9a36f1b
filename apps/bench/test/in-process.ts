import type { BenchCase, PreparedCase } from '../src/cases/case.ts';
import type { Caller, Contestant } from '../src/contestants/contestant.ts';
import { Service } from '../src/contestants/service.ts';
import { localControl } from '../src/processes/server-control.ts';

/** What the cases in tests need at most. */
const handlers = 20;

/** Both sides of a contestant in this process: to see that a case does what it should, not how fast. */
export class InProcess {
  readonly #contestant: Contestant;
  readonly #setup: Parameters<Contestant['connect']>[0];
  readonly #service: Service;
  readonly #served: Awaited<ReturnType<Contestant['serve']>>;
  /** One for all cases: some contestants take seconds to find each other. */
  readonly #client: Caller;

  private constructor(init: {
    contestant: Contestant;
    setup: Parameters<Contestant['connect']>[0];
    service: Service;
    served: Awaited<ReturnType<Contestant['serve']>>;
    client: Caller;
  }) {
    this.#contestant = init.contestant;
    this.#setup = init.setup;
    this.#service = init.service;
    this.#served = init.served;
    this.#client = init.client;
  }

  static async start(contestant: Contestant): Promise<InProcess> {
    const service = new Service();
    const served = await contestant.serve(service, { handlers, broker: '', run: 'here' });
    const setup = { handlers, broker: '', run: 'here', address: served.address };
    const client = await contestant.connect(setup);
    return new InProcess({ contestant, setup, service, served, client });
  }

  prepare(benchCase: BenchCase): Promise<PreparedCase> {
    let first: Caller | undefined = { ...this.#client, close: async () => undefined };
    const connect = async (): Promise<Caller> => {
      const client = first ?? (await this.#contestant.connect(this.#setup));
      first = undefined;
      return client;
    };
    return benchCase.prepare({ connect, server: localControl(this.#service) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#served.close();
  }
}
