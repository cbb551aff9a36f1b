import { Controller, EventPattern, type MessageContext, MessagePattern } from '@parley/core';
import { ReplaySubject } from 'rxjs';
import { AnyUserEvent, type Notification, type User, UserCreated, WatchNotifications } from '../contracts.ts';

@Controller()
export class NotificationsController {
  /** Remembers the last hundred for those who come to watch later. */
  readonly #sent = new ReplaySubject<Notification>(100);

  @EventPattern(UserCreated)
  welcome(user: User) {
    this.#sent.next({ userId: user.id, text: `Welcome, ${user.name}! (to ${user.email})` });
  }

  /** Besides the handler above, not instead of it: all handlers of an event run. */
  @EventPattern(AnyUserEvent)
  audit(user: User, { pattern }: MessageContext) {
    this.#sent.next({ userId: user.id, text: `Audit: ${pattern} ${user.id}` });
  }

  /** An Observable is a stream of replies, as an AsyncIterable is. */
  @MessagePattern(WatchNotifications)
  watch() {
    return this.#sent.asObservable();
  }
}
