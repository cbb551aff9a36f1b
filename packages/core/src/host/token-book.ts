import type { Provider, Token } from '@needle-di/core';
import { RpcCode, RpcException } from '../errors/index.ts';
import { tokenName } from './provide-microservices.ts';

/** Who has which token. The container's `bind` replaces silently; a service that lost its client that way is hard to find. */
export class TokenBook {
  readonly #owners = new Map<unknown, string>();

  /** @throws RpcException 409 when the token has an owner. */
  claim(token: Token<unknown>, owner: string): void {
    const known = this.#owners.get(token);
    if (known !== undefined) {
      throw new RpcException(
        `The token ${JSON.stringify(tokenName(token))} is used twice, by ${known} and by ${owner}`,
        {
          code: RpcCode.Conflict,
        },
      );
    }
    this.#owners.set(token, owner);
  }

  /** A provider with `multi` shares its token with others of its kind, and with nobody else. */
  claimProvider(provider: Provider<unknown>): void {
    const token = typeof provider === 'function' ? provider : provider.provide;
    const isMulti = typeof provider === 'object' && 'multi' in provider && provider.multi;
    const owner = isMulti ? 'a provider with multi' : 'a provider';
    if (isMulti && this.#owners.get(token) === owner) return;
    this.claim(token, owner);
  }
}
