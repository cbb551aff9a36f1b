import { Buffer, isUtf8 } from 'node:buffer';

/** What Kafka allows in the name of a topic (`Topic.LEGAL_CHARS`). */
const legal = /^[A-Za-z0-9._-]$/;
const hexDigits = /^[0-9A-F]{2}$/;
const escapes = /(?:_x[0-9A-F]{2}_)+/g;

/**
 * `text` in the characters that Kafka allows in the name of a topic. Each byte of the UTF-8 of a character that it
 * forbids becomes `_xHH_` in upper case; an `_` that looks like the beginning of one is escaped itself. So `user_created`
 * stays as it is, `a/b` becomes `a_x2F_b`, and no two texts become one name.
 *
 * @param telling places of characters that are to be escaped though Kafka allows them.
 */
export function escape(text: string, telling: readonly number[] = []): string {
  const characters = Array.from(text);
  const isEscaped = characters.map((character, index) => !legal.test(character) || telling.includes(index));
  return characters
    .map((character, index) => {
      const isLikeEscape =
        character === '_' &&
        characters[index + 1] === 'x' &&
        hexDigits.test(characters.slice(index + 2, index + 4).join('')) &&
        (characters[index + 4] === '_' || isEscaped[index + 4] === true);
      return isEscaped[index] || isLikeEscape ? bytesOf(character) : character;
    })
    .join('');
}

/** The text that was escaped so. Of a name that was not, something: see whether {@link escape} makes the name of it again. */
export function unescape(name: string): string {
  return name.replace(escapes, (run) => {
    const bytes = Buffer.from(run.replaceAll(/_x|_/g, ''), 'hex');
    return isUtf8(bytes) ? bytes.toString() : run;
  });
}

function bytesOf(character: string): string {
  let escaped = '';
  for (const byte of Buffer.from(character)) escaped += `_x${byte.toString(16).toUpperCase().padStart(2, '0')}_`;
  return escaped;
}
