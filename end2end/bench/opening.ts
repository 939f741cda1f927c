// How long it takes until a conversation is on the screen, its end in view.
import type { Page } from '@playwright/test';
import { lastWords, type Conversation } from './library.ts';

/** Opens a conversation by its address; how long it takes from the start of the visit, in milliseconds. */
export async function byAddress(page: Page, address: string, conversation: Conversation): Promise<number> {
  await page.goto(address, { waitUntil: 'commit' });
  const at = await page.evaluate(untilInView, lastWords(conversation.turns));
  await page.waitForFunction(() => window.probe.hydratedAt !== undefined);
  return at;
}

/** Opens one of those in the sidebar; how long it takes from the click. */
export async function byClick(page: Page, conversation: Conversation): Promise<number> {
  const link = page.locator(`nav[aria-label="Conversations"] a[href="/llm/${conversation.id}"]`);
  await page.evaluate(() => {
    const clicked = new Promise<number>(resolve => {
      addEventListener('click', ({ timeStamp }) => resolve(timeStamp), { capture: true, once: true });
    });
    Object.assign(window, { clicked });
  });
  await link.click();
  const at = await page.evaluate(untilInView, lastWords(conversation.turns));
  return at - (await page.evaluate(() => (window as unknown as { clicked: Promise<number> }).clicked));
}

/** Runs in the page. */
async function untilInView(words: string): Promise<number> {
  const isInView = () => {
    const answer = [...document.querySelectorAll('article[data-message-type="assistant"]')].at(-1);
    const block = answer && [...answer.querySelectorAll('p')].findLast(({ textContent }) => textContent?.includes(words));
    const scroller = block?.closest('.scroller');
    if (!block || !scroller) return undefined;
    const [seen, frame] = [block.getBoundingClientRect(), scroller.getBoundingClientRect()];
    return (seen.top >= frame.top && seen.bottom <= frame.bottom + 1) || undefined;
  };
  return (await window.probe.until(isInView)).at;
}
