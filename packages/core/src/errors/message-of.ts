/** What was thrown, as text for people; whatever it is, without throwing. At most `maxLength` characters. */
export function messageOf(thrown: unknown, maxLength = 1000): string {
  try {
    const hasMessage = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
    const message = String(hasMessage ? thrown.message : thrown);
    return message.length > maxLength ? `${message.slice(0, maxLength)}…` : message;
  } catch {
    return 'something that cannot be printed';
  }
}
