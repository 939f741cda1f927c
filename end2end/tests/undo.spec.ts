// What can be undone is done at once, and undone with one click.
import { test, expect } from '../fixtures.ts';

test('a deleted conversation comes back with its draft', async ({ chat, page, parley }) => {
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('keep me');
  const id = await chat.conversationOpened();
  await chat.composer.fill('not sent yet');
  const row = page.locator('nav[aria-label="Conversations"] li').first();
  await row.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/llm$/);
  await expect(chat.conversations).toHaveCount(0);
  const gone = await page.request.get(`${parley.url}/api/chat/sessions/${id}`);
  expect(gone.status()).toBe(404);

  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expect(page).toHaveURL(new RegExp(id));
  await expect(chat.questions).toHaveText([/keep me/]);
  await expect(chat.composer).toHaveValue('not sent yet');
  await expect(chat.conversations).toHaveCount(1);
  await expect(page.locator('.toast')).toBeHidden();
});

test('a cleared conversation comes back as well; dismissed, it stays in the archive', async ({ chat, page, parley }) => {
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('clear me');
  const id = await chat.conversationOpened();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(page.locator('.toast')).toContainText('in the archive');
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expect(page).toHaveURL(new RegExp(id));
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await page.locator('.toast').getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.locator('.toast')).toBeHidden();
  await expect(chat.conversations).toHaveCount(0);
});
