/** Broker properties by their names. */
export type Properties = Readonly<Record<string, string>>;

/** As a Java properties file, in which `\` escapes and a line ends a value. */
export function propertiesText(properties: Properties): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escaped(value)}\n`)
    .join('');
}

function escaped(value: string): string {
  return value
    .replace(/^[ \t]|[\\\n\r]/g, (character) => escapes[character] ?? `\\${character}`)
    .replace(/[^\t -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const escapes: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r` };
