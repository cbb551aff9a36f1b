// Writes data/people.jsonl, the people that the users service loads: `npm run generate` in apps/demo. The same seed gives
// the same people, so the file is committed and this is only run again to change it.
import { writeFileSync } from 'node:fs';
import { type Name, regions } from './names.ts';

const count = 300;
const random = seededRandom(20_240_229);

const lines = Array.from({ length: count }, (_, index) => JSON.stringify(person(index + 1)));
writeFileSync(new URL('../data/people.jsonl', import.meta.url), `${lines.join('\n')}\n`);

function person(id: number): object {
  const region = pick(regions);
  const given = pick(region.given);
  const family = pick(region.family);
  const name = region.familyFirst ? family[0] + region.space + given[0] : given[0] + region.space + family[0];
  return { id, name, email: emailOf(given, family, id), city: pick(region.cities), born: dateOfBirth() };
}

/** example.org is reserved for examples; the number keeps namesakes apart. */
function emailOf([, given]: Name, [, family]: Name, id: number): string {
  return `${given}.${family}.${id}@example.org`;
}

function dateOfBirth(): string {
  const [from, to] = [Date.UTC(1940, 0, 1), Date.UTC(2006, 0, 1)];
  return new Date(from + random() * (to - from)).toISOString().slice(0, 10);
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

/** mulberry32: small, and the same everywhere, which Math.random is not. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
