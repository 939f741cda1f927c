// What was said can be said otherwise: earlier versions stay, and one goes back and forth between them.
import { test, expect } from '../fixtures.ts';
import { answerOf } from '../support/gateway.ts';

test.beforeEach(async ({ chat, startGateway, startParley }) => {
  let count = 0;
  const gateway = await startGateway({
    answer: ({ messages }) => answerOf(`Answer ${++count} to: ${messages.map(({ content }) => content).join(' > ')}`),
  });
  const parley = await startParley({ GATEWAY_URL: gateway.url });
  await chat.open(`${parley.url}/llm`);
});

test('an answer is asked for again, and both stay', async ({ chat, page }) => {
  await chat.sayAndWait('one');
  await chat.lastAnswer.getByRole('button', { name: 'Regenerate' }).click();
  await expect(chat.lastText).toContainText('Answer 2 to: one');
  await expect(chat.questions).toHaveCount(1);
  const versions = chat.lastAnswer.getByRole('group', { name: 'Versions' });
  await expect(versions).toContainText('2 / 2');
  await versions.getByRole('button', { name: 'Previous version' }).click();
  await expect(chat.lastText).toContainText('Answer 1 to: one');
  await expect(versions).toContainText('1 / 2');
  await expect(versions.getByRole('button', { name: 'Previous version' })).toBeDisabled();

  // What comes next belongs to the version that is shown, also after a reload.
  await chat.reload();
  await expect(chat.lastText).toContainText('Answer 1 to: one');
  await chat.sayAndWait('two');
  await expect(chat.lastText).toContainText('Answer 3 to: one > Answer 1 to: one > two');
  await chat.answers.first().getByRole('button', { name: 'Next version' }).click();
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.lastText).toContainText('Answer 2 to: one');
  await page.getByRole('button', { name: 'Previous version' }).click();
  await expect(chat.lastText).toContainText('Answer 3');
});

test('a message is changed and sent again; the old one can be gone back to', async ({ chat, page }) => {
  await chat.sayAndWait('one');
  await chat.sayAndWait('two');
  await chat.questions.first().hover();
  await chat.questions.first().getByRole('button', { name: 'Edit message' }).click();
  const field = page.getByRole('textbox', { name: 'Edit message' });
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('one');
  await field.press('Escape');
  await expect(field).toBeHidden();

  await chat.questions.first().getByRole('button', { name: 'Edit message' }).click();
  await field.fill('uno');
  await field.press('Enter');
  await chat.ends('complete');
  await expect(chat.lastText).toContainText('Answer 3 to: uno');
  await expect(chat.questions).toHaveCount(1);
  const versions = chat.questions.first().getByRole('group', { name: 'Versions' });
  await expect(versions).toContainText('2 / 2');
  await versions.getByRole('button', { name: 'Previous version' }).click();
  await expect(chat.questions).toHaveText([/one/, /two/]);
  await expect(chat.lastText).toContainText('Answer 2 to: one > Answer 1 to: one > two');
});

test('a changed message that does not arrive is kept, and so is what it was to replace', async ({ chat, page, guard }) => {
  guard.allow(/503/);
  await chat.sayAndWait('one');
  await page.route('**/fn/send_message', route => route.fulfill({ status: 503, contentType: 'application/json', body: '{"error":{"code":"busy","message":"Busy.","action":"Try again."}}' }));
  await chat.questions.first().hover();
  await chat.questions.first().getByRole('button', { name: 'Edit message' }).click();
  await page.getByRole('textbox', { name: 'Edit message' }).fill('uno');
  await page.getByRole('textbox', { name: 'Edit message' }).press('Enter');
  const failed = chat.questions.filter({ hasText: 'uno' });
  await expect(failed.getByRole('alert')).toContainText('Not sent. Busy.');
  await failed.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(chat.composer).toHaveValue('uno');
  await expect(chat.questions).toHaveText([/one/]);
  await expect(chat.lastText).toContainText('Answer 1 to: one');
});
