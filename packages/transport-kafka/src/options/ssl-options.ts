import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { messageOf, type OptionReader } from '@parley/core/transport';
import { isObject } from './nested-options.ts';

/**
 * Gives a copy. Keys and certificates that OpenSSL cannot read are refused here: at each attempt to connect it would be an error
 * that says nothing of the option, for ever.
 *
 * @throws RpcException 400 naming the option, never with what is in it.
 */
export function readSsl(
  read: OptionReader<{ readonly ssl?: unknown }>,
  ssl: unknown,
): ConnectionOptions | boolean | undefined {
  if (ssl === undefined || typeof ssl === 'boolean') return ssl;
  if (!isObject(ssl)) throw read.error('ssl', 'must be true, false or an object of options of node:tls');
  const options: ConnectionOptions = { ...ssl };
  for (const name of ['ca', 'cert', 'key'] as const) checkPem(read, name, options[name]);
  try {
    createSecureContext(options);
  } catch (error) {
    // Node tells what it has received, which may be a passphrase.
    const why = messageOf(error).replace(/\.?\s*Received .*/s, '');
    throw read.error('ssl', `must be options of node:tls that fit each other: ${why}`);
  }
  return options;
}

/** The path of a file instead of what is in it; Node ignores a `ca` that is none. */
function checkPem(read: OptionReader<{ readonly ssl?: unknown }>, name: 'ca' | 'cert' | 'key', value: unknown): void {
  for (const one of [value].flat()) {
    const text = Buffer.isBuffer(one) ? one.toString('latin1') : one;
    if (typeof text === 'string' && text !== '' && !text.includes('-----BEGIN')) {
      throw read.error('ssl', `must have in "ssl.${name}" what is in a PEM file (-----BEGIN …), not its path`);
    }
  }
}
