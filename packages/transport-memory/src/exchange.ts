import {
  type Answer,
  type Control,
  type Event,
  errorOfDeadLetter,
  type Request,
  type Routes,
} from '@parley/core/transport';
import { DeadLetters } from './dead-letters.ts';
import { type Bury, Group } from './group.ts';
import type { Inbox } from './inbox.ts';
import { Interests } from './interests.ts';

interface Instance {
  readonly inbox: Inbox;
  readonly interests: Interests;
  readonly group: Group;
  /** A group of its own, for what it wants whoever else gets it. */
  readonly own: Group;
}

/** The post office: who is where, and who gets what. It knows nothing of links and outages. */
export class Exchange {
  readonly deadLetters = new DeadLetters();
  readonly #instances = new Map<string, Instance>();
  readonly #groups = new Map<string, Group>();
  readonly #bury: Bury = (group, message, why) => {
    // It is text by the seam's promise.
    const error = errorOfDeadLetter(String(why.body));
    const letter = { group: group.name, message: message.envelope, error, attempts: why.attempts };
    this.deadLetters.add(letter, () => group.deliver({ ...message, keptSince: performance.now(), attempt: 1 }));
  };

  /** From now on the inbox is reached by its name, and gets its share of the group's messages and events. */
  add(inbox: Inbox, groupName: string, routes: Routes): void {
    const group = this.#groups.get(groupName) ?? new Group(groupName, 'group', this.#bury);
    const own = new Group(inbox.name, 'broadcast', this.#bury);
    this.#groups.set(groupName, group);
    this.#instances.set(inbox.name, { inbox, interests: new Interests(routes), group, own });
    group.join(inbox, routes);
    own.join(inbox, routes.broadcast);
  }

  /** It gets no more new messages and events; answers still reach it. */
  pause(inbox: Inbox): void {
    const instance = this.#instances.get(inbox.name);
    instance?.group.leave(inbox);
    instance?.own.leave(inbox);
  }

  /** It is gone: what it did not settle goes to the others of its group. What it wanted for itself is lost. */
  remove(inbox: Inbox): void {
    const instance = this.#instances.get(inbox.name);
    this.#instances.delete(inbox.name);
    inbox.discard();
    instance?.group.reclaim(inbox);
  }

  /** To one instance of each group that serves it. @returns false when there is none. */
  request(request: Request): boolean {
    const groups = [...this.#groups.values()].filter((group) => group.canServe(request));
    for (const group of groups) group.add(request);
    return groups.length > 0;
  }

  /** To each group that ever wanted it, and to each instance that wants all. */
  publish(event: Event): void {
    for (const group of this.#groups.values()) if (group.remembers(event)) group.add(event);
    for (const { own } of this.#instances.values()) if (own.remembers(event)) own.add(event);
  }

  answer(inbox: string, answer: Answer): void {
    this.#instances.get(inbox)?.inbox.put(answer);
  }

  /** To the instance that has answered; before that to all who may have the request, paused ones too. */
  control(control: Control): void {
    if (control.to !== undefined) {
      this.#instances.get(control.to)?.inbox.put(control);
      return;
    }
    const request = { kind: 'request', pattern: control.pattern } as const;
    for (const { inbox, interests } of this.#instances.values()) if (interests.want(request)) inbox.put(control);
    if (control.kind === 'cancel') for (const group of this.#groups.values()) group.withdraw(control);
  }
}
