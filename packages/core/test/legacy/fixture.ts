import type {
  ContextType,
  Controller,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
} from '../../src/decorators/index.ts';
import type { MessageContract, Schema } from '../../src/patterns/index.ts';

/** What the fixture is given instead of importing it, so that the compiled file stands alone. */
export interface Tools {
  readonly Controller: typeof Controller;
  readonly MessagePattern: typeof MessagePattern;
  readonly EventPattern: typeof EventPattern;
  readonly Payload: typeof Payload;
  readonly Ctx: typeof Ctx;
  readonly contract: MessageContract;
  readonly schema: Schema;
  readonly FakeContext: ContextType;
}

/** Controllers with `experimentalDecorators`, as an application would write them. */
export function defineControllers(tools: Tools) {
  const { Controller, MessagePattern, EventPattern, Payload, Ctx, contract, schema, FakeContext } = tools;

  /** Somebody else's decorator, which puts another function in the method's place. */
  function wrapped(_prototype: object, _name: string, descriptor: PropertyDescriptor): PropertyDescriptor {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    const value = function (this: unknown, ...args: unknown[]) {
      return ['wrapped', method.apply(this, args)];
    };
    return { ...descriptor, value };
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

    override byContract(data: unknown): unknown {
      return ['Admins', super.byContract(data)];
    }

    @MessagePattern({ v: 1, cmd: 'list' })
    override list(): string {
      return 'Admins.list';
    }

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

  @Controller()
  class Parameters {
    @MessagePattern('both')
    both(@Ctx() context: unknown, @Payload() data: unknown): unknown {
      return [context, data];
    }

    @MessagePattern('path')
    path(@Payload('address.city') city: unknown, @Payload('tags.0') tag: unknown): unknown {
      return [city, tag];
    }

    @MessagePattern('schema')
    schema(@Payload(schema) valid: unknown, @Payload() raw: unknown): unknown {
      return [valid, raw];
    }

    @MessagePattern('some')
    some(first: unknown, @Payload() data: unknown): unknown {
      return [first, data];
    }

    @EventPattern('limited')
    limited(@Ctx(FakeContext) context: unknown): unknown {
      return context;
    }

    @EventPattern('limited.twice', 'fake')
    limitedTwice(@Payload() data: unknown, @Ctx(FakeContext) _context: unknown): unknown {
      return data;
    }
  }

  @Controller()
  class Overriding extends Parameters {
    /** Without decorated parameters it is called with `(data, ctx)`. */
    override both(data: unknown, context: unknown): unknown {
      return { data, context };
    }

    /** With its own it is called by those. */
    override path(@Payload('name') name: unknown): unknown {
      return name;
    }
  }

  @Controller()
  class Contradicting {
    @EventPattern('a', 'kafka')
    on(@Ctx(FakeContext) _context: unknown): void {}
  }

  /** Each is refused where it is decorated. */
  const refused = {
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
    'a getter': () => {
      class Getter {
        @MessagePattern('a')
        get get(): number {
          return 1;
        }
      }
      return Getter;
    },
    'a parameter of the constructor': () => {
      class Constructed {
        readonly data: unknown;
        constructor(@Payload() data: unknown) {
          this.data = data;
        }
      }
      return Constructed;
    },
    'a context that is of no transport': () => {
      class Wrong {
        get(@Ctx(Map as never) _context: unknown): void {}
      }
      return Wrong;
    },
    'a payload that is neither schema nor path': () => {
      class Wrong {
        get(@Payload(5 as never) _data: unknown): void {}
      }
      return Wrong;
    },
  };

  return { Users, Admins, BySymbol, Empty, Plain, Parameters, Overriding, Contradicting, refused };
}
