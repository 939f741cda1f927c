// Up through a whole conversation, by the wheel, and what moves on the way that should not.
import type { Page } from '@playwright/test';
import type { DevTools } from './browser.ts';
import type { Frames, LongTasks } from './probe.ts';
import { follow, installFollower, type Step } from './follower.ts';

/** Of the wheel, in pixels: less than what is shown, so that something stays in view. */
const STEP = 400;
/** Further than this, in pixels, and nobody would say that it stood still. */
const STILL = 2;
/** How long earlier messages may take. */
const PATIENCE_MS = 10_000;
/** So many turns of the wheel that moved nothing, and nothing will. */
const IN_VAIN = 5;

export interface Journey {
  steps: number;
  /** Of the whole, in milliseconds. */
  time: number;
  /** For each page of earlier messages that the reader had to wait for at the top. */
  waits: number[];
  /** How far off, in pixels, a message was that the reader was looking at. */
  jumps: number[];
  frames: Frames;
  longTasks: LongTasks;
}

export async function scrollUp(page: Page, devtools: DevTools): Promise<Journey> {
  await installFollower(page);
  const frame = (await page.locator('.scroller').boundingBox())!;
  const [x, y] = [frame.x + frame.width / 2, frame.y + frame.height / 2];
  await page.mouse.move(x, y);
  await page.evaluate(() => Object.assign(window, { ended: window.probe.watch() }));
  const journey = { steps: 0, waits: [] as number[], jumps: [] as number[] };
  const begun = performance.now();
  for (let inVain = 0; ; ) {
    const step = await follow(page, true, () =>
      devtools.cdp.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY: -STEP }),
    );
    journey.steps += 1;
    note(journey.jumps, step, STEP);
    inVain = step.moved === 0 ? inVain + 1 : 0;
    if (inVain > IN_VAIN) throw new Error('the wheel moves nothing any more');
    if (!step.isAtTop) continue;
    if (step.isFirst && !step.button) break;
    const { button } = step;
    const more = await follow(page, false, async () => {
      const waited = performance.now();
      const come = page.evaluate(untilMore, PATIENCE_MS);
      if (button) await page.mouse.click(button.x, button.y);
      await come;
      journey.waits.push(performance.now() - waited);
    });
    note(journey.jumps, more, 0);
    await page.mouse.move(x, y);
  }
  const time = performance.now() - begun;
  const watched = await page.evaluate(() => (window as unknown as { ended: ReturnType<typeof window.probe.watch> }).ended());
  return { ...journey, time, ...watched };
}

/**
 * A message that was in view may come down by as much as the wheel was turned, and less only where the top was reached.
 * It goes by where the message is on the screen in each frame, for what is added above it moves the scroll's own numbers.
 */
function note(jumps: number[], { highest, lowest, moved, wasAtTop }: Step, turned: number): void {
  const isShort = moved < turned - STILL && !wasAtTop;
  const off = Math.max(-highest, lowest - turned, isShort ? turned - moved : 0);
  if (off > STILL) jumps.push(off);
}

/** Runs in the page: until there is something above what was the first message. */
async function untilMore(patience: number): Promise<void> {
  const first = document.querySelector('[data-message-type]');
  const due = performance.now() + patience;
  await window.probe.until(() => {
    if (performance.now() > due) throw new Error('no earlier messages came');
    const isMore = document.querySelector('[data-message-type]') !== first;
    return isMore || (document.querySelector('.scroller')?.scrollTop ?? 0) > 1 || undefined;
  });
}
