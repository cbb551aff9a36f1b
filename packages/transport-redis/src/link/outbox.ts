/** A message for a channel. */
export interface Post {
  readonly channel: string;
  readonly message: string | Buffer;
}

/**
 * Answers and controls that wait for the end of an outage, in order and up to so many bytes. What is more is dropped,
 * newest first: of a stream whose answers have a gap nothing is of use after it.
 */
export class Outbox {
  readonly #maxBytes: number;
  #posts: Post[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false when it is full: the post is dropped. */
  put(post: Post): boolean {
    const size = post.channel.length + post.message.length;
    if (this.#bytes + size > this.#maxBytes) return false;
    this.#bytes += size;
    this.#posts.push(post);
    return true;
  }

  /** All that is in it, oldest first; it is empty afterwards. */
  take(): readonly Post[] {
    const posts = this.#posts;
    this.#posts = [];
    this.#bytes = 0;
    return posts;
  }
}
