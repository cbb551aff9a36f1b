import { type Envelope, readEnvelope, writeHead } from '@parley/core/transport';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/head.json' with { type: 'json' };

type VectorBody = string | { readonly hex: string } | null | undefined;

/** As the vectors write it: bytes as hex. */
function fromVector({ body, ...rest }: { readonly body?: VectorBody }): Envelope {
  return { ...rest, body: typeof body === 'object' && body !== null ? Buffer.from(body.hex, 'hex') : body } as Envelope;
}

function toVector(envelope: object): object {
  const entries = Object.entries(envelope).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value,
    ]),
  );
}

function bytesOf(body: VectorBody): Buffer | undefined {
  if (body === null || body === undefined) return undefined;
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.hex, 'hex');
}

describe('the golden vectors of heads', () => {
  it.each(vectors.write)('writes $name', ({ envelope, instance, head }) => {
    expect(writeHead(fromVector(envelope), instance)).toBe(head);
  });

  it.each(vectors.read)('reads $name', ({ head, body, pattern, envelope }) => {
    expect(toVector(readEnvelope(head, bytesOf(body), { pattern }))).toEqual(envelope);
  });

  it.each(vectors.refuse)('refuses $name', ({ head, body, code }) => {
    expect(() => readEnvelope(head, bytesOf(body), { pattern: 'p' })).toThrow(expect.objectContaining({ code }));
  });
});
