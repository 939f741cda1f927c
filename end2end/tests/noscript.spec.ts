// A conversation is a document first: it can be read before any script has run, and where none may.
import { expect, test } from '../fixtures.ts';

test('a conversation can be read with scripts off', async ({ chat, context, page }) => {
  await chat.open('/llm');
  await chat.sayAndWait('Plan something readable');
  const id = await chat.conversationOpened();
  const firstWords = (await chat.lastText.innerText()).trim().slice(0, 20);

  // Switched off in the visitor's own browser, which has the cookie.
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setScriptExecutionDisabled', { value: true });
  await page.goto(`/llm/${id}`);

  await expect(page.locator('html')).not.toHaveAttribute('data-hydrated', 'true');
  await expect(chat.questions).toHaveText(/Plan something readable/);
  await expect(chat.lastText).toContainText(firstWords);
  await expect(chat.lastAnswer.locator('.sum')).toContainText(/\d/);
  await expect(chat.conversations.filter({ hasText: 'Plan something readable' })).toHaveCount(1);
});
