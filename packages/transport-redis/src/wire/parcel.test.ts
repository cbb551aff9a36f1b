import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readable } from './message.ts';
import { packParcel, readParcel } from './parcel.ts';

/** The messages of a parcel, as bytes. */
function unpack(parcel: Buffer): Buffer[] | undefined {
  const bounds = readParcel(readable(parcel));
  return bounds?.slice(1).map((to, index) => parcel.subarray(bounds[index], to));
}

describe('a parcel', () => {
  it('says how many bytes each message has, and then they follow', () => {
    expect(packParcel(['[1,"x"]', '[1,"é"]\nbody'])).toBe('[1,"parcel",7,13]\n[1,"x"][1,"é"]\nbody');
    expect(packParcel(['[1,"x"]', Buffer.from([0x5b, 0xff, 0x0a])])).toEqual(
      Buffer.concat([Buffer.from('[1,"parcel",7,3]\n[1,"x"]['), Buffer.from([0xff, 0x0a])]),
    );
  });

  it('comes apart as it was put together, text and bytes', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    const bytes = fc.uint8Array({ minLength: 1 }).map((some) => Buffer.from(some));
    fc.assert(
      fc.property(fc.array(fc.oneof(text, bytes), { minLength: 1 }), (messages) => {
        const parcel = Buffer.from(packParcel(messages) as string);
        expect(unpack(parcel)).toEqual(messages.map((message) => Buffer.from(message as string)));
      }),
    );
  });

  it('is none: what begins in another way', () => {
    for (const message of [
      '',
      '[',
      '[1,"p',
      '[1,"parcel"]',
      '[1, "parcel",1]\nx',
      '[2,"parcel",1]\nx',
      '[1,"reply",1]',
    ]) {
      expect(readParcel(Buffer.from(message))).toBeUndefined();
      expect(readParcel(message)).toBeUndefined();
    }
  });

  it.each([
    '[1,"parcel",',
    '[1,"parcel",1]',
    '[1,"parcel",]\n',
    '[1,"parcel",0]\n',
    '[1,"parcel",01]\nx',
    '[1,"parcel",-1,2]\nx',
    '[1,"parcel",0.5,0.5]\nx',
    '[1,"parcel","1"]\nx',
    '[1,"parcel",null]\n',
    '[1,"parcel",{}]\nx',
    '[1,"parcel",1}\nx',
    '[1,"parcel",2]\nx',
    '[1,"parcel",1]\nxy',
    '[1,"parcel",99999999999999999999]\nx',
  ])('is refused with 400: %j', (message) => {
    expect(() => readParcel(Buffer.from(message))).toThrowError(expect.objectContaining({ code: 400 }));
    expect(() => readParcel(message)).toThrowError(expect.objectContaining({ code: 400 }));
  });

  it('that is garbage is refused, never thrown over with anything but an RpcException', () => {
    const garbage = fc.uint8Array().map((bytes) => Buffer.concat([Buffer.from('[1,"parcel",'), bytes]));
    fc.assert(
      fc.property(garbage, (message) => {
        try {
          expect(readParcel(message)?.at(-1)).toBe(message.length);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RpcException', code: 400 });
        }
      }),
    );
  });
});
