// Somebody who types as soon as there is a field, and sends as soon as that can be.
import type { Page } from '@playwright/test';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE, type DevTools } from './browser.ts';

export interface Typed {
  /** When the first key that was not lost again was on the screen, in milliseconds from the start of the visit. */
  keptAt: number;
  /** How many keys were pressed before it in vain. */
  lost: number;
  /** When the message was on the screen as a message. */
  sentAt: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** A real key press, from the browser's point of view. */
export async function press(devtools: DevTools, text: string): Promise<void> {
  const letter = text.toUpperCase();
  const names: Record<string, [code: string, number: number]> = { Enter: ['Enter', 13], ' ': ['Space', 32] };
  const [code, windowsVirtualKeyCode] = names[text] ?? [`Key${letter}`, letter.charCodeAt(0)];
  const key = { key: text, code, windowsVirtualKeyCode };
  const down = { type: 'keyDown' as const, ...key, text: text === 'Enter' ? '\r' : text };
  await devtools.cdp.send('Input.dispatchKeyEvent', down);
  await devtools.cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
}

export async function typeUntilSent(url: string, page: Page, devtools: DevTools): Promise<Typed> {
  await page.addInitScript(watchForMessage);
  await page.goto(url, { waitUntil: 'commit' });
  const due = Date.now() + PATIENCE;
  let typed = '';
  for (;;) {
    if (Date.now() > due) throw new Error('no message could be sent');
    const { isFocused, isSendable } = await page.evaluate(() => {
      const field = document.querySelector<HTMLElement>('#message');
      field?.focus();
      const send = document.querySelector<HTMLButtonElement>('button[aria-label="Send"]');
      return { isFocused: field !== null, isSendable: send?.disabled === false };
    });
    if (isSendable) break;
    if (isFocused) {
      const letter = LETTERS[typed.length % LETTERS.length]!;
      await press(devtools, letter);
      typed += letter;
    }
    await pause(10);
  }
  await press(devtools, 'Enter');
  const { message, sentAt, presses } = await page.evaluate(async () => {
    const { at, found } = await (window as unknown as { sent: Promise<{ at: number; found: string }> }).sent;
    return { message: found, sentAt: at, presses: window.probe.presses };
  });
  // Whatever was typed before the page took the field over may be gone again; what is sent was kept.
  const lost = typed.length - message.length;
  const kept = presses.find(({ value }) => value.endsWith(typed[lost]!));
  if (!typed.endsWith(message) || !kept) throw new Error(`typed ${typed}, sent ${message}`);
  return { keptAt: kept.paintedAt, lost, sentAt };
}

/** Runs in the page. */
function watchForMessage(): void {
  const sent = window.probe.until(() => document.querySelector('[data-message-type="user"]')?.textContent?.trim());
  Object.assign(window, { sent });
}
