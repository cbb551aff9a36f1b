import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type NewUser, User } from '../contracts.ts';

/** The people, in memory: read from a file, and forgotten with the process. */
export class UserRepository {
  readonly #users: User[];

  constructor(users: readonly User[]) {
    this.#users = [...users];
  }

  /**
   * @param file a user of the contract as JSON on each line.
   * @throws Error naming the line that is none.
   */
  static async load(file: URL): Promise<UserRepository> {
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    return new UserRepository(lines.map((line, index) => parseUser(line, `${file.pathname}:${index + 1}`)));
  }

  get all(): readonly User[] {
    return this.#users;
  }

  page(page: number, size: number): User[] {
    return this.#users.slice((page - 1) * size, page * size);
  }

  get(id: number): User | undefined {
    return this.#users.find((user) => user.id === id);
  }

  hasEmail(email: string): boolean {
    return this.#users.some((user) => user.email === email);
  }

  add(user: z.infer<typeof NewUser>): User {
    const added = { id: this.#users.length + 1, ...user };
    this.#users.push(added);
    return added;
  }
}

function parseUser(line: string, where: string): User {
  try {
    return User.parse(JSON.parse(line));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new Error(`${where} is no user: ${problem}`, { cause });
  }
}
