/** Strings kept at once; when there are more, it begins anew. */
const kept = 16_384;
/** UTF-16 units. Longer ones are not likely to come again. */
const longest = 128;

/** The UTF-8 of strings that are sent again and again, as a field: two bytes of length before it. The mirror of StringCache. */
export class TextBytes {
  readonly #fields = new Map<string, Uint8Array>();

  /** `undefined` for one that is too long to keep. */
  of(text: string): Uint8Array | undefined {
    return this.#fields.get(text) ?? this.#add(text);
  }

  #add(text: string): Uint8Array | undefined {
    if (text.length > longest) return undefined;
    if (this.#fields.size >= kept) this.#fields.clear();
    const bytes = Buffer.from(text, 'utf8');
    const field = new Uint8Array(2 + bytes.length);
    field[0] = bytes.length >>> 8;
    field[1] = bytes.length;
    field.set(bytes, 2);
    this.#fields.set(text, field);
    return field;
  }
}
