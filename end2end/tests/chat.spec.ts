// The first minute of a newcomer, with nobody but Rehearsal to talk to.
import { expect, test } from '../fixtures.ts';
import { answerOf } from '../support/gateway.ts';

test('a message to the Architect is answered, piece by piece, and kept', async ({ chat, page }) => {
  await chat.open('/llm');
  await expect(page.getByRole('button', { name: /^Agent:.*Architect/ })).toBeVisible();
  await expect(page.locator('.role')).toContainText('PAS Root');
  const growth = await chat.recordGrowth();

  await chat.say('Plan how we track user logins');
  await expect(chat.composer).toHaveValue('');
  await chat.ends('complete');

  const lengths = await growth();
  expect(lengths.length, `lengths of the text: ${lengths}`).toBeGreaterThan(5);
  await expect(chat.lastText).toContainText('Rehearsal');
  await expect(chat.lastAnswer.locator('.sum').last()).toContainText(/\d/);
  await expect(page.locator('.gauge')).toContainText(/[1-9]/);
  await expect(chat.send).toBeVisible();
  const id = await chat.conversationOpened();
  await expect(chat.conversations.filter({ hasText: 'Plan how we track user logins' })).toHaveAttribute('href', `/llm/${id}`);

  const text = await chat.lastText.innerText();
  await chat.reload();
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.questions.first()).toContainText('Plan how we track user logins');
  await expect(chat.lastText).toHaveText(text, { useInnerText: true });
});

test('Shift+Enter breaks the line, Enter sends', async ({ chat }) => {
  await chat.open('/llm');
  await chat.composer.fill('one');
  await chat.composer.press('Shift+Enter');
  await chat.composer.pressSequentially('two');
  await expect(chat.composer).toHaveValue('one\ntwo');
  await expect(chat.questions).toHaveCount(0);

  await chat.composer.press('Enter');
  await expect(chat.questions).toHaveCount(1);
  await chat.ends('complete');
});

test('code and tables are copied as what they are', async ({ chat, page, context, startGateway, startParley }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const text = '```rust\nlet one = 1;\nlet two = 2;\n```\n\n| step | words |\n| --- | ---: |\n| **plan** | 60 |\n| `code` | 40 |\n';
  const gateway = await startGateway({ answer: () => answerOf(text) });
  const parley = await startParley(gateway.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('Show me.');
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: 'Copy code' }).click();
  await expect.poll(copied).toBe('let one = 1;\nlet two = 2;');
  const table = page.getByRole('button', { name: 'Copy table' });
  await page.getByRole('table').hover();
  await table.click();
  await expect.poll(copied).toBe('step\twords\nplan\t60\ncode\t40');
  await expect(table).toHaveAttribute('data-copy', 'done');
});

test('the composer is as high as what is in it', async ({ chat }) => {
  await chat.open('/llm');
  const height = () => chat.composer.evaluate(field => field.clientHeight);
  const one = await height();
  await chat.composer.fill('one\ntwo\nthree\nfour\nfive\nsix');
  await expect.poll(height).toBeGreaterThan(3 * one);
  await chat.composer.press('Enter');
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.composer).toHaveValue('');
  await expect.poll(height).toBe(one);
});

test('an old reading of the conversation takes nothing away', async ({ chat, page, startGateway, startParley }) => {
  const gateway = await startGateway({ answer: ({ message }) => answerOf(`${message}, indeed.`) });
  const parley = await startParley(gateway.environment);
  // Each reading is taken at once and told late.
  const held: (() => void)[] = [];
  await page.route('**/fn/session', async route => {
    const response = await route.fetch();
    await new Promise<void>(resolve => held.push(resolve));
    await route.fulfill({ response });
  });
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('One');
  await expect.poll(() => held.length).toBe(1);
  await chat.sayAndWait('Two');
  await expect.poll(() => held.length).toBe(2);
  held[0]!();
  await page.waitForResponse('**/fn/session');
  // What is told is taken in before what is done next.
  await page.evaluate(() => new Promise(resolve => setTimeout(resolve)));
  await expect(chat.questions).toHaveText(['One', 'Two']);
  held[1]!();
  await expect(chat.lastAnswer.locator('.sum')).toContainText('%');
  await expect(chat.questions).toHaveText(['One', 'Two']);
});

test('Stop keeps what has arrived, and everything works again', async ({ chat, startParley }) => {
  const parley = await startParley({ PARLEY_REHEARSAL_DELAY_MS: '150' });
  await chat.open(`${parley.url}/llm`);
  await chat.say('Plan how we track user logins');
  await chat.streaming(5);

  await chat.stop.click();
  await chat.ends('cancelled');
  await expect(chat.send).toBeVisible();
  const kept = (await chat.lastText.innerText()).trim();
  expect(kept.length).toBeGreaterThanOrEqual(5);

  await chat.reload();
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'cancelled');
  await expect(chat.lastText).toContainText(kept.slice(0, 5));

  await chat.say('And once more');
  await expect(chat.answers).toHaveCount(2);
  await chat.streaming();
  await chat.stop.click();
  await chat.ends('cancelled');
});

test('a failure says what happened and offers Retry', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.say('/fail');
  await chat.ends('error');
  await expect(page.getByRole('alert').filter({ hasText: /\w/ }).first()).toBeVisible();
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.send).toBeVisible();

  // The same message fails again: what matters is that it was tried, and that the page is none the worse for it.
  const posted = page.waitForRequest(request => request.method() === 'POST');
  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await posted;
  await chat.ends('error');
  await chat.sayAndWait('Now plan something');
});

test('Clear puts the conversation away and begins a new one', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.sayAndWait('Something to put away');
  const id = await chat.conversationOpened();

  await page.getByRole('button', { name: 'Clear', exact: true }).click();

  await expect(chat.questions).toHaveCount(0);
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(chat.conversations.filter({ hasText: 'Something to put away' })).toHaveCount(0);
});

test('Export downloads the conversation', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.sayAndWait('Something to take along');
  const id = await chat.conversationOpened();
  await page.locator('.export summary').click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as Markdown' }).click();
  expect((await download).suggestedFilename()).toMatch(new RegExp(`^pas_conversation_${id}_.*\\.md$`));
});

test('a plan waits for the person, through a reload, is changed as asked, and is carried out', async ({ chat, page }) => {
  const approval = page.getByRole('region', { name: 'Approval' });
  await chat.open('/llm');
  await chat.say('/approval Track user logins');
  await expect(approval).toBeVisible();
  await expect(chat.lastAnswer.locator('.badge')).toHaveText('Awaiting approval');

  await chat.reload();
  await approval.getByRole('button', { name: 'Refine' }).click();
  const note = approval.getByRole('textbox', { name: 'What to change' });
  await expect(note).toBeFocused();
  await expect(approval.getByRole('button', { name: 'Send changes' })).toBeDisabled();
  await note.fill('Keep the migration reversible');
  await approval.getByRole('button', { name: 'Send changes' }).click();
  await expect(chat.lastText).toContainText('Keep the migration reversible');

  await approval.getByRole('button', { name: 'Approve' }).click();
  await chat.ends('complete');
  await expect(approval).toHaveCount(0);
  await expect(chat.lastAnswer.locator('.code')).toBeVisible();
});

test('a rejected plan ends cleanly', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.say('/approval Track user logins');
  await page.getByRole('region', { name: 'Approval' }).getByRole('button', { name: 'Cancel' }).click();
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await expect(chat.lastText).toContainText('nothing was carried out');
});

test('what is typed before the page is alive stays, and is sent', async ({ chat, page }) => {
  let letGo = () => {};
  const held = new Promise<void>(resolve => (letGo = resolve));
  await page.route('**/pkg/*.wasm', async route => {
    await held;
    await route.continue();
  });
  await page.goto('/llm', { waitUntil: 'commit' });
  await chat.composer.fill('typed early');
  letGo();
  await chat.hydrated();
  await expect(chat.composer).toHaveValue('typed early');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(chat.questions.last()).toContainText('typed early');
  await expect(chat.composer).toHaveValue('');
});

test('fifty thousand characters can be pasted, and are sent', async ({ chat, page }) => {
  await chat.open('/llm');
  const text = ('/answer ' + 'Line of a log, as long as they are.\n'.repeat(1_400)).slice(0, 49_990);
  await chat.composer.focus();
  const longest = await page.evaluate(async text => {
    let longest = 0;
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    }).observe({ entryTypes: ['longtask'] });
    const field = document.querySelector<HTMLTextAreaElement>('#message')!;
    field.setRangeText(text, 0, 0, 'end');
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await new Promise(resolve => setTimeout(resolve, 300));
    return longest;
  }, text);
  test.info().annotations.push({ type: 'longest task of the paste', description: `${Math.round(longest)} ms` });
  await expect(page.locator('.count')).toContainText('49,990 / 50,000');
  await chat.composer.press('Enter');
  await expect(chat.questions.last()).toHaveAttribute('data-delivery', 'saved');
  await chat.composer.fill('x'.repeat(50_001));
  await expect(page.locator('.count')).toContainText('1 character over the limit of 50,000');
  await expect(chat.send).toBeDisabled();
});
