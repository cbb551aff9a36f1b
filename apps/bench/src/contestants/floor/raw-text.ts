/** What Buffer has besides its documented methods. */
export interface RawText {
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, offset: number): number;
}
