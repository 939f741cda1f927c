// The states of the page at three widths in both themes: nothing overflows, everything can be read; the pictures are
// for people to look at (end2end/screenshots).
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '../fixtures.ts';
import type { Chat } from '../support/chat.ts';

const WIDTHS = [1440, 768, 360];
const THEMES = ['dark', 'light'] as const;

const STATES: Record<string, (chat: Chat) => Promise<void>> = {
  empty: async () => {},
  chat: async chat => {
    await chat.sayAndWait('Plan how we track user logins');
  },
  agents: async chat => {
    await chat.page.getByRole('button', { name: /^Agent:/ }).click();
    await expect(chat.page.getByRole('option').first()).toBeVisible();
  },
  palette: async chat => {
    await chat.sayAndWait('Plan how we track user logins');
    await chat.page.keyboard.press('Control+k');
    await expect(chat.page.getByRole('option').first()).toBeVisible();
  },
  keys: async chat => {
    await chat.composer.blur();
    await chat.page.keyboard.press('?');
    await expect(chat.page.getByRole('dialog')).toBeVisible();
  },
  error: async chat => {
    await chat.say('/fail');
    await chat.ends('error');
  },
};

test.use({ contextOptions: { reducedMotion: 'reduce' }, viewport: { width: 1440, height: 900 } });

for (const theme of THEMES) {
  for (const [state, bring] of Object.entries(STATES)) {
    test(`${state}, ${theme}`, async ({ chat, page }) => {
      await page.emulateMedia({ colorScheme: theme });
      await chat.open('/llm');
      await chat.setTheme(theme);
      await bring(chat);

      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await expect(chat.composer).toBeVisible();
        await page.screenshot({ path: `screenshots/${state}-${theme}-${width}.png`, animations: 'disabled' });
        const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
        expect(needed, `width needed at ${width}`).toBeLessThanOrEqual(given);

        const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 160)).join(' | ')}`);
        expect.soft(found, `accessibility at ${width}`).toEqual([]);
      }
    });
  }
}
