// Searching as one types: what is found is marked, and opens at the message that was found.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/history.ts';
import { Chat } from '../support/chat.ts';

const field = (page: Page) => page.getByRole('searchbox', { name: 'Search titles and messages' });
const hits = (page: Page, group: string) => page.locator('.findings section', { has: page.getByRole('heading', { name: group }) }).locator('.hit');
const search = '**/fn/search';
/** The message at which the page was opened. */
const found = (page: Page) => page.locator('.turn.found');

test.use({ answers: { 'Why is it slow?': 'Every row is read before the first is shown. A walnut index helps.' } });

test('titles and messages are found as one types, with the words marked, and open where they were found', async ({ chat, page, history }) => {
  const { session_id, answer_id } = await history.say('Why is it slow?');
  await history.say('Walnut furniture');
  await chat.reload();
  await field(page).pressSequentially('waln');
  await expect(hits(page, 'Conversations')).toHaveText([/Walnut furniture/]);
  const inMessages = hits(page, 'Messages').filter({ hasText: 'index helps' });
  await expect(inMessages).toContainText('Why is it slow?');
  await expect(inMessages).toContainText('Architect');
  await expect(inMessages.locator('mark')).toHaveText(/^waln(ut)?$/i);

  await inMessages.getByRole('link').click();
  await expect(page).toHaveURL(`${history.url}/llm/${session_id}?message=${answer_id}#${answer_id}`);
  await expect(found(page)).toContainText('A walnut index helps');
  await expect(found(page)).toBeFocused();
  await expect(found(page), 'marked for a moment only').toHaveCount(0);
  await chat.reload();
  await expect(found(page)).toContainText('A walnut index helps');

  await field(page).focus();
  await page.keyboard.press('Escape');
  await expect(chat.conversations).toHaveCount(2);
});

test('by keyboard alone: the arrows lead to what is found, Enter opens it', async ({ chat, page, history }) => {
  await history.say('Why is it slow?');
  await history.say('Walnut furniture');
  await chat.reload();
  await field(page).focus();
  await page.keyboard.type('walnut');
  await expect(hits(page, 'Messages')).not.toHaveCount(0);
  await page.keyboard.press('ArrowDown');
  await expect(hits(page, 'Conversations').first().getByRole('link')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(field(page)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(chat.questions).toHaveText([/Walnut furniture/]);
});

test('how to narrow it is told where nothing is typed, and on a question mark', async ({ chat, page, history }) => {
  await history.say('Why is it slow?');
  await chat.reload();
  const hint = page.getByText('Narrow it with agent:').first();
  await expect(hint).toBeHidden();
  await field(page).focus();
  await expect(hint).toBeVisible();
  await page.keyboard.type('slow');
  await expect(hint).toBeHidden();
  await field(page).fill('?');
  await expect(hint).toBeVisible();
  await expect(chat.conversations, 'the list stays').toHaveCount(1);
});

test('prefixes narrow it, and what is no date is told', async ({ chat, page, history }) => {
  await history.say('Why is it slow?');
  await history.say('Why is it slow, again?', { agent_id: 'dir-code' });
  await chat.reload();
  await field(page).fill('slow agent:dir-code');
  await expect(hits(page, 'Conversations')).toHaveText([/again/]);
  await field(page).fill('slow before:2001-01-01');
  await expect(page.getByText('Nothing found in titles and messages')).toBeVisible();
  await field(page).fill('slow before:never');
  await expect(page.locator('.findings .note')).toContainText('never');
});

test('the last answer wins, whichever comes last', async ({ chat, page, history }) => {
  await history.say('Why is it slow?');
  await history.say('Walnut furniture');
  await chat.reload();
  let goOn = () => {};
  const held = new Promise<void>(resolve => (goOn = resolve));
  await page.route(search, async route => {
    if (route.request().postData()?.includes('"q":"slow"')) await held;
    await route.continue();
  });
  const late = page.waitForResponse(answer => answer.url().endsWith('/fn/search') && !!answer.request().postData()?.includes('"q":"slow"'));
  await field(page).fill('slow');
  await expect(page.getByText('Searching…'), 'what takes long says so').toBeVisible();
  await field(page).fill('walnut');
  await expect(hits(page, 'Conversations')).toHaveText([/Walnut furniture/]);
  await expect(page.getByText('Searching…')).toBeHidden();
  goOn();
  await late;
  await expect(hits(page, 'Conversations')).toHaveText([/Walnut furniture/]);
});

test('without a connection the titles listed here are searched, and Retry asks again', async ({ chat, page, history, guard }) => {
  guard.allow(/Failed to load resource/);
  await history.say('Why is it slow?');
  await history.say('Walnut furniture');
  await chat.reload();
  await field(page).focus();
  await page.route(search, route => route.abort());
  await field(page).fill('walnut');
  await expect(page.getByText('Parley could not be reached.')).toBeVisible();
  await expect(hits(page, 'Titles listed here')).toHaveText([/Walnut furniture/]);
  await page.unroute(search);
  await page.locator('.findings').getByRole('button', { name: 'Retry' }).click();
  await expect(hits(page, 'Messages')).not.toHaveCount(0);
});

test('the palette finds messages too', async ({ chat, page, history }) => {
  const { session_id } = await history.say('Why is it slow?');
  await history.say('Walnut furniture');
  await chat.reload();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('index helps');
  const option = page.getByRole('option', { name: /index helps/ });
  await expect(option.locator('mark').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/llm/${session_id}\\?message=`));
  await expect(found(page)).toContainText('A walnut index helps');
});

test('the palette says that nothing is found only when that is known', async ({ chat, page, history, guard }) => {
  guard.allow(/Failed to load resource/);
  await history.say('Why is it slow?');
  await chat.reload();
  let goOn = () => {};
  const held = new Promise<void>(resolve => (goOn = resolve));
  await page.route(search, async route => {
    await held;
    await route.continue();
  });
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Conversations and commands' });
  const nothing = await chat.watchFor('.palette [role=status]:not(:empty)');
  await page.keyboard.type('zebra');
  await expect(palette.getByText('Searching…')).toBeVisible();
  await expect(palette.getByRole('option')).toHaveCount(0);
  expect(await nothing(), 'it is being searched').toBe(false);
  goOn();
  await expect(palette.getByRole('status')).toHaveText('Nothing found.');
  await expect(palette.getByRole('combobox')).not.toHaveAttribute('aria-activedescendant');
  const { violations } = await new AxeBuilder({ page }).include('dialog[open]').analyze();
  expect(violations).toEqual([]);

  await page.unroute(search);
  await page.route(search, route => route.abort());
  await page.keyboard.type('s');
  await expect(palette.getByText('Parley could not be reached.')).toBeVisible();
  await expect(palette.getByRole('status')).toHaveText('Could not be searched.');
  await palette.getByRole('combobox').fill('?');
  await expect(palette.getByText('Narrow it with agent:')).toBeVisible();
  await expect(palette.getByRole('status')).toBeEmpty();
});

test.describe('a long conversation', () => {
  const COUNT = 45;

  test('opens at a message in its middle, goes on from there both ways, and can be written to', async ({ chat, page, history, context }) => {
    test.slow();
    const { session_id } = await history.say('Question 1');
    const all = [];
    for (let number = 2; number <= COUNT; number += 1) all.push(await history.say(`Question ${number}`, { session_id }));
    const sought = all[18]!;
    await chat.open(`${history.url}/llm/${session_id}?message=${sought.message_id}`);
    await expect(found(page)).toHaveText(/Question 20/);
    await expect(found(page)).toBeInViewport({ ratio: 1 });
    const question = (number: number) => page.locator('.bubble').getByText(`Question ${number}`, { exact: true });
    await expect(question(COUNT)).toHaveCount(0);

    const scroller = page.locator('.scroller');
    const end = question(COUNT);
    await expect(async () => {
      await scroller.evaluate(node => node.scrollTo(0, node.scrollHeight));
      await expect(end).toBeVisible({ timeout: 500 });
    }).toPass();
    await expect(async () => {
      await scroller.evaluate(node => node.scrollTo(0, 0));
      await expect(question(1)).toBeVisible({ timeout: 500 });
    }).toPass();

    // To the end in one step.
    await chat.open(`${history.url}/llm/${session_id}?message=${sought.message_id}`);
    await expect(found(page)).toHaveText(/Question 20/);
    await page.getByRole('button', { name: 'To the end' }).click();
    await expect(end).toBeInViewport();

    // What is said now follows the end, whatever was shown.
    const other = new Chat(await context.newPage());
    await other.open(`${history.url}/llm/${session_id}?message=${sought.message_id}`);
    await expect(found(other.page)).toHaveText(/Question 20/);
    await other.sayAndWait('And now?');
    await expect(other.questions.last()).toHaveText(/And now/);
    await expect(other.questions.filter({ hasText: `Question ${COUNT}` })).toBeVisible();
    const texts = await other.questions.allTextContents();
    expect(new Set(texts).size, 'none twice').toBe(texts.length);
  });

  test('opens at a message with scripts off', async ({ page, history, context }) => {
    const { session_id } = await history.say('Question 1');
    const all = [];
    for (let number = 2; number <= 30; number += 1) all.push(await history.say(`Question ${number}`, { session_id }));
    const { message_id } = all[3]!;
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.goto(`${history.url}/llm/${session_id}?message=${message_id}#${message_id}`);
    await expect(page.locator(`[id="${message_id}"]`)).toHaveText(/Question 5/);
    await expect(page.locator(`[id="${message_id}"]`)).toBeInViewport();
    await expect(page.getByText('Question 30', { exact: true })).toHaveCount(0);
  });

  test('a message that is gone is no reason not to show the conversation', async ({ chat, page, history }) => {
    const { session_id } = await history.say('Why is it slow?');
    await chat.open(`${history.url}/llm/${session_id}?message=00000000-0000-4000-8000-000000000000`);
    await expect(chat.questions).toHaveText([/Why is it slow/]);
    await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'true');
  });
});
