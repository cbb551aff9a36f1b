/** Whether a key matches; made once per event handler. */
export type Matcher = (key: string) => boolean;

export function isWildcard(pattern: unknown): pattern is string {
  return typeof pattern === 'string' && pattern.includes('*');
}

/**
 * `*` matches any run of characters, the empty one and dots included. Takes time linear in the key for each part,
 * whatever the pattern: a regular expression with several `.*` would not.
 */
export function wildcardMatcher(pattern: string): Matcher {
  const parts = pattern.split('*');
  const head = parts[0] ?? '';
  const tail = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  const shortest = parts.reduce((sum, part) => sum + part.length, 0);
  return (key) => {
    if (key.length < shortest || !key.startsWith(head) || !key.endsWith(tail)) return false;
    let from = head.length;
    for (const part of middle) {
      const found = key.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return from <= key.length - tail.length;
  };
}
