import type { ContextType, Controller, EventPattern, MessagePattern } from '../../src/decorators/index.ts';
import type { MessageContract } from '../../src/patterns/index.ts';

/** What the fixture is given instead of importing it, so that the compiled file stands alone. */
export interface Tools {
  readonly Controller: typeof Controller;
  readonly MessagePattern: typeof MessagePattern;
  readonly EventPattern: typeof EventPattern;
  readonly contract: MessageContract;
  readonly FakeContext: ContextType;
}

type Method<This> = (this: This, data: unknown, context: unknown) => unknown;

/** Controllers with standard decorators, as an application would write them. */
export function defineControllers({ Controller, MessagePattern, EventPattern, contract }: Tools) {
  /** Somebody else's decorator, which puts another function in the method's place. */
  function wrapped<This>(method: Method<This>): Method<This> {
    return function (this: This, data, context) {
      return ['wrapped', method.call(this, data, context)];
    };
  }

  @Controller()
  class Users {
    readonly greeting: string = 'hello';
    readonly #secret = 'secret';

    @MessagePattern('users.get')
    get(data: unknown, context: unknown): unknown {
      return [this.greeting, this.#secret, data, context];
    }

    @MessagePattern(contract)
    byContract(data: unknown): unknown {
      return data;
    }

    @EventPattern('user.*', 'fake')
    onUser(): string {
      return 'onUser';
    }

    @EventPattern('config.changed', { broadcast: true, retry: { attempts: 2 } })
    @EventPattern('config.deleted')
    onConfig(): string {
      return 'onConfig';
    }

    @wrapped
    @MessagePattern('wrapped.outside')
    wrappedOutside(data: unknown, _context: unknown): unknown {
      return data;
    }

    @MessagePattern('wrapped.inside')
    @wrapped
    wrappedInside(data: unknown, _context: unknown): unknown {
      return data;
    }

    @MessagePattern({ cmd: 'list', v: 1 })
    list(): string {
      return 'Users.list';
    }

    helper(): string {
      return 'no handler';
    }
  }

  @Controller()
  class Admins extends Users {
    override readonly greeting = 'good day';

    /** Still a handler, by the decorator of the class that it comes from. */
    override byContract(data: unknown): unknown {
      return ['Admins', super.byContract(data)];
    }

    /** Repeats its decorator. */
    @MessagePattern({ v: 1, cmd: 'list' })
    override list(): string {
      return 'Admins.list';
    }

    /** Repeats its decorator, with other options. */
    @EventPattern('config.changed', { retry: { attempts: 7 } })
    override onConfig(): string {
      return 'Admins.onConfig';
    }

    @MessagePattern('admins.only')
    only(): string {
      return 'only';
    }
  }

  const symbol = Symbol('hidden');
  @Controller()
  class BySymbol {
    @MessagePattern('by.symbol')
    [symbol](data: unknown): unknown {
      return data;
    }
  }

  @Controller()
  class Empty {}

  class Plain {
    @MessagePattern('plain')
    get(): void {}
  }

  /** Each is refused where it is decorated. */
  const refused = {
    'a private method': () => {
      class Private {
        @MessagePattern('a')
        #get(): void {}
        get(): void {
          this.#get();
        }
      }
      return Private;
    },
    'a static method': () => {
      class Static {
        @MessagePattern('a')
        static get(): void {}
      }
      return Static;
    },
    'a static event handler': () => {
      class Static {
        @EventPattern('a')
        static get(): void {}
      }
      return Static;
    },
    'a field': () => {
      class Field {
        // @ts-expect-error only a method can be a handler
        @MessagePattern('a')
        get = (): void => {};
      }
      return Field;
    },
    'a getter': () => {
      class Getter {
        // @ts-expect-error only a method can be a handler
        @MessagePattern('a')
        get get(): number {
          return 1;
        }
      }
      return Getter;
    },
  };

  return { Users, Admins, BySymbol, Empty, Plain, refused };
}
