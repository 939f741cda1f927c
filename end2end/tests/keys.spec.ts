// By keyboard alone: the palette, the shortcuts, and what they must leave alone.
import { expect, test } from '../fixtures.ts';

test.describe('the palette', () => {
  test('opens a conversation by a few letters of its title', async ({ chat, page }) => {
    await chat.open('/llm');
    await chat.sayAndWait('Walnut furniture');
    await chat.page.keyboard.press('Control+Shift+O');
    await expect(page).toHaveURL(/\/llm$/);
    await chat.sayAndWait('Something else');

    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: 'Search, or run a command' });
    await expect(field).toBeFocused();
    await expect(page.getByRole('option', { name: /New conversation/ })).toBeVisible();
    await page.keyboard.type('waln');
    await expect(page.getByRole('option', { name: /Something else/ })).toHaveCount(0);
    await expect(page.getByRole('option').first()).toContainText('Walnut furniture');
    await page.keyboard.press('Enter');
    await expect(field).toBeHidden();
    await expect(chat.questions).toHaveText(/Walnut furniture/);
    await expect(chat.composer).toBeFocused();
  });

  test('runs a command, and offers none that has nothing to act on', async ({ chat, page }) => {
    await chat.open('/llm');
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('option', { name: /Clear/ })).toHaveCount(0);
    await page.keyboard.type('light theme');
    await page.keyboard.press('Enter');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');

    await chat.sayAndWait('Hello');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('clear');
    await page.keyboard.press('Enter');
    await expect(page.locator('.toast')).toContainText('in the archive');
    await expect(page).toHaveURL(/\/llm$/);
  });

  test('finds nothing and says so, and Escape only closes it', async ({ chat, page }) => {
    await chat.open('/llm');
    await chat.say('/slow tell me everything');
    await chat.streaming();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('no such thing');
    await expect(page.getByRole('dialog').getByText('Nothing found.')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('combobox')).toBeHidden();
    await expect(chat.stop, 'the answer goes on').toBeVisible();
    await page.keyboard.press('Escape');
    await chat.ends('cancelled');
  });
});

test('agent and model pickers open by key, and a click beside them closes them', async ({ chat, page }) => {
  await chat.open('/llm');
  await page.keyboard.press('Control+.');
  await expect(page.getByRole('combobox', { name: 'Find an agent' })).toBeFocused();
  await page.keyboard.press('Control+/');
  await expect(page.getByRole('combobox', { name: 'Find a model' })).toBeFocused();
  await expect(page.getByRole('combobox')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('combobox')).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Model:/ })).toBeFocused();
});

test('the conversation is exported by key', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.sayAndWait('Keep this');
  const download = page.waitForEvent('download');
  await page.keyboard.press('Control+e');
  expect((await download).suggestedFilename()).toMatch(/\.md$/);
});

test('the question mark lists the keys, but writes where one writes', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.composer.focus();
  await page.keyboard.type('Why?');
  await expect(chat.composer).toHaveValue('Why?');
  await chat.composer.blur();
  await page.keyboard.press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(list).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(list).toBeHidden();
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await expect(list).toBeVisible();
  await list.getByRole('button', { name: 'Close' }).click();
  await expect(list).toBeHidden();
});

test('what was said before comes back into the composer, and what was being typed after it', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.sayAndWait('first');
  await chat.sayAndWait('second');
  await chat.composer.fill('half a thou');
  for (const [key, text] of [
    ['ArrowUp', 'second'],
    ['ArrowUp', 'first'],
    ['ArrowUp', 'first'],
    ['ArrowDown', 'second'],
    ['ArrowDown', 'half a thou'],
    ['ArrowDown', 'half a thou'],
  ] as const) {
    await page.keyboard.press(`Control+${key}`);
    await expect(chat.composer).toHaveValue(text);
  }
});
