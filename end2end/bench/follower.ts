// Follows with the eye one message that is in view, from frame to frame.
import type { Page } from '@playwright/test';

/** What was seen until all stood still again. Distances are pixels on the screen, from where the message was before. */
export interface Step {
  highest: number;
  lowest: number;
  moved: number;
  /** Whether there was nothing more to scroll to at any time meanwhile. */
  wasAtTop: boolean;
  isAtTop: boolean;
  /** Whether the very first message of the conversation is shown. */
  isFirst: boolean;
  /** The middle of the button that loads earlier messages, where there is one in view. */
  button: { x: number; y: number } | null;
}

interface Follower {
  /** Picks a message near the top of what is shown. */
  begin(): void;
  /** Once nothing has moved for some frames; what `moves` is to move first. */
  end(moves: boolean): Promise<Step>;
}

type Following = { follower: Follower };

/** Where in the view the message to follow is looked for, from its top: it is to stay in view when it comes down. */
export const LOOKED_FOR_AT = 0.1;

export async function installFollower(page: Page): Promise<void> {
  await page.evaluate(make, LOOKED_FOR_AT);
}

/** What is to be seen of an action; `moves`: the action moves the message itself, sooner or later. */
export async function follow(page: Page, moves: boolean, act: () => Promise<unknown>): Promise<Step> {
  await page.evaluate(() => (window as unknown as Following).follower.begin());
  await act();
  return page.evaluate(moves => (window as unknown as Following).follower.end(moves), moves);
}

/** Runs in the page. */
function make(lookedForAt: number): void {
  const STILL_FRAMES = 3;
  const EFFECT_MS = 1_000;
  const PATIENCE_MS = 5_000;
  const scroller = document.querySelector<HTMLElement>('.scroller')!;
  const names = new WeakMap<Element, string>();
  /** By what it says: a page may make the element of a message anew. */
  const name = (message: Element) => {
    const known = names.get(message);
    if (known !== undefined) return known;
    const found = /(Question|Answer) \d+/.exec(message.textContent ?? '')?.[0] ?? '';
    if (found) names.set(message, found);
    return found;
  };
  const messages = () => [...scroller.querySelectorAll('[data-message-type]')];
  let message: Element | undefined;
  let called = '';
  let before = 0;
  let [highest, lowest, moved, still] = [0, 0, 0, 0];
  let wasAtTop = false;
  /** Which watch goes on; an older one ends. */
  let watching = 0;

  const pick = () => {
    const frame = scroller.getBoundingClientRect();
    const line = frame.top + frame.height * lookedForAt;
    // Between two messages there may be nothing; then the next one below is taken.
    message = messages().find(message => message.getBoundingClientRect().bottom > line);
    if (!message) throw new Error('no message is in view');
    called = name(message);
    before = message.getBoundingClientRect().top;
  };
  const look = () => {
    if (!message?.isConnected) message = messages().find(message => name(message) === called);
    // Where it is gone from the document it is gone from the view, too.
    const at = message ? message.getBoundingClientRect().top - before : Infinity;
    highest = Math.min(highest, at);
    lowest = Math.max(lowest, at);
    still = at === moved ? still + 1 : 0;
    moved = at;
    wasAtTop ||= scroller.scrollTop <= 1;
  };
  const watch = async (mine: number) => {
    while (watching === mine) {
      await window.probe.painted();
      if (watching === mine) look();
    }
  };
  const button = () => {
    const buttons = [...scroller.querySelectorAll('button')];
    const found = buttons.find(({ textContent }) => textContent?.includes('Show earlier messages'));
    if (!found) return null;
    const [seen, frame] = [found.getBoundingClientRect(), scroller.getBoundingClientRect()];
    return seen.top >= frame.top ? { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 } : null;
  };
  const follower: Follower = {
    begin() {
      pick();
      [highest, lowest, moved, still] = [0, 0, 0, 0];
      wasAtTop = scroller.scrollTop <= 1;
      watching += 1;
      void watch(watching);
    },
    async end(moves) {
      const begun = performance.now();
      still = 0;
      // A turn of the wheel is acknowledged before it takes effect.
      const waits = () => moves && moved === 0 && !wasAtTop && performance.now() < begun + EFFECT_MS;
      while ((still < STILL_FRAMES || waits()) && performance.now() < begun + PATIENCE_MS) await window.probe.painted();
      watching += 1;
      const first = messages()[0];
      return {
        ...{ highest, lowest, moved, wasAtTop },
        isAtTop: scroller.scrollTop <= 1,
        isFirst: first !== undefined && name(first) === 'Question 1',
        button: button(),
      };
    },
  };
  Object.assign(window, { follower });
}
