// What answers took: the figures, without scripts and with them, and the tables as files.
import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base } from '../fixtures.ts';
import { Api, Chat } from '../support/chat.ts';
import { History } from '../support/history.ts';
import { answerOf, MODELS, usage, type Answer } from '../support/gateway.ts';

const never = new Promise<never>(() => {});

/** What the scripted Gateway answers to these messages. */
const ANSWERS: Record<string, Answer> = {
  'Cheap, please': [{ type: 'token', content: 'Here you are.' }, usage(1_000, 50, 0.25), { type: 'done' }],
  '=SUM("a", b)': [{ type: 'token', content: 'A formula.' }, usage(2_000, 500, 1.5), { type: 'done' }],
  'Nobody knows the price': [{ type: 'token', content: 'Free?' }, usage(10, 7), { type: 'done' }],
  'Count to a million': [{ type: 'token', content: 'One, two, three, and so on for a while' }, { hold: never }],
};

/** Each test has a server of its own, before a Gateway that says what its answers took. */
const test = base.extend({
  baseURL: async ({ startGateway, startParley }, use) => {
    const gateway = await startGateway({ models: MODELS, answer: ({ message }) => ANSWERS[message] ?? answerOf('Nothing much.') });
    const parley = await startParley(gateway.environment);
    await use(parley.url);
  },
});

/** Three conversations, of which one has no price. */
async function talk(chat: Chat): Promise<void> {
  await chat.open('/llm');
  await chat.sayAndWait('Cheap, please');
  await chat.open('/llm');
  await chat.sayAndWait('=SUM("a", b)');
  await chat.open('/llm');
  await chat.sayAndWait('Nobody knows the price');
}

function figure(chat: Chat, name: string) {
  return chat.page.locator('.usage-headline > div').filter({ hasText: name });
}

test('the figures are there without a script, each range at an address of its own', async ({ chat, context, page }) => {
  await talk(chat);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setScriptExecutionDisabled', { value: true });
  await page.goto('/usage');

  await expect(page.locator('html')).not.toHaveAttribute('data-hydrated', 'true');
  await expect(page).toHaveTitle('Usage · Parley');
  await expect(figure(chat, 'Cost')).toContainText('$1.75');
  await expect(figure(chat, 'Cost')).toContainText('1 answer without a known cost');
  await expect(figure(chat, 'Tokens in')).toContainText('3,010');
  await expect(figure(chat, 'Tokens out')).toContainText('557');
  await expect(figure(chat, 'Answers')).toContainText('3');
  await expect(page.getByRole('img', { name: 'Cost by day' })).toBeVisible();
  await expect(page.locator('.usage-chart .bar')).toHaveCount(30);
  await expect(page.locator('[role=slider]'), 'what would do nothing is not there').toHaveCount(0);

  await page.getByRole('link', { name: '7 days' }).click();
  await expect(page).toHaveURL(/\/usage\?range=7d$/);
  await expect(page.getByRole('link', { name: '7 days' })).toHaveAttribute('aria-current', 'page');
  await expect(page.locator('.usage-chart .bar')).toHaveCount(7);
  await page.getByRole('link', { name: 'Tokens', exact: true }).click();
  await expect(page.getByRole('img', { name: 'Tokens by day' })).toBeVisible();
  await page.locator('summary', { hasText: 'Every day in numbers' }).click();
  const days = page.getByRole('table', { name: 'Every day in numbers' });
  await expect(days.getByRole('row')).toHaveCount(8);
  await expect(days.getByRole('row').nth(1)).toContainText('$1.75 + ?');
  await page.getByRole('table', { name: /each conversation/ }).getByRole('link', { name: '=SUM' }).click();
  await expect(chat.questions).toHaveText(/=SUM/);
});

test('one goes there and back, and the keys and buttons do there what they say', async ({ chat, page }) => {
  await talk(chat);
  await page.getByRole('link', { name: 'Usage' }).click();
  await expect(page.getByRole('heading', { name: 'Usage' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Usage' })).toHaveAttribute('aria-current', 'page');
  await expect(chat.conversations.and(page.locator('[aria-current]')), 'no conversation is shown').toHaveCount(0);
  await page.getByRole('link', { name: 'All time' }).click();
  await expect(figure(chat, 'Cost')).toContainText('$1.75');
  await page.goBack();
  await expect(page.getByRole('link', { name: '30 days' })).toHaveAttribute('aria-current', 'page');

  await page.keyboard.press('Control+k');
  await expect(page.getByRole('option', { name: 'Dark theme' })).toBeVisible();
  await expect(page.getByRole('option', { name: 'Choose agent' }), 'its picker is elsewhere').toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.getByRole('table', { name: /each conversation/ }).getByRole('link', { name: 'Cheap' }).click();
  await expect(chat.lastText).toHaveText('Here you are.');
  await page.getByRole('link', { name: 'Usage' }).click();
  await expect(page.getByRole('heading', { name: 'Usage' })).toBeVisible();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect(page).toHaveURL(/\/llm$/);
  await expect(chat.composer).toBeFocused();
});

test('an answer goes on while one looks at what the others took, and counts once it has ended', async ({ chat, page }) => {
  await chat.open('/llm');
  await chat.say('Count to a million');
  await chat.streaming(10);
  await page.getByRole('link', { name: 'Usage' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing was answered' })).toBeVisible();
  await page.goBack();
  await chat.streaming(10);
  await chat.stop.click();
  await chat.ends('cancelled');
  await page.getByRole('link', { name: 'Usage' }).click();
  await expect(figure(chat, 'Tokens out')).toContainText('~');
  await expect(figure(chat, 'Answers')).toContainText('1 of them estimated');
  await expect(page.locator('.usage-notes')).toContainText('Parley counted them itself');
});

test('each bar tells what it stands for, by the pointer and by the arrows', async ({ chat, page }) => {
  await talk(chat);
  await chat.open('/usage?range=7d');
  const slider = page.getByRole('slider', { name: 'Bar of the chart' });
  const tip = page.locator('.tip');
  await slider.focus();
  await expect(tip).toContainText('$1.75 + ? · 3 answers');
  await expect(slider).toHaveAttribute('aria-valuetext', /2\d\d\d: \$1\.75 \+ \? · 3 answers$/);
  await page.keyboard.press('ArrowLeft');
  await expect(tip).toContainText('$0.00 · 0 answers');
  await expect(slider).toHaveAttribute('aria-valuenow', '6');
  await page.keyboard.press('Escape');
  await expect(tip).toHaveCount(0);
  await slider.blur();

  const box = (await slider.boundingBox())!;
  await page.mouse.move(box.x + box.width - 4, box.y + 20);
  await expect(tip).toContainText('3 answers');
  await expect(tip).toBeInViewport({ ratio: 1 });
  await page.mouse.move(box.x + 2, box.y + 20);
  await expect(tip).toContainText('0 answers');
  await expect(tip).toBeInViewport({ ratio: 1 });
  await page.mouse.move(box.x + 2, box.y - 60);
  await expect(tip).toHaveCount(0);
});

test('what is answered in another tab counts at once, and the gauge leads here', async ({ chat, page, context }) => {
  await talk(chat);
  await page.getByTitle(/^Tokens in the model/).click();
  await page.getByRole('link', { name: 'All usage' }).click();
  await expect(page).toHaveURL(/\/usage$/);
  await expect(figure(chat, 'Answers')).toContainText('3');
  await expect(page.locator('.breakdown')).toHaveCount(0);

  const other = new Chat(await context.newPage());
  await other.open(new URL('/llm', page.url()).href);
  await other.sayAndWait('Cheap, please');
  await expect(figure(chat, 'Answers')).toContainText('4');
  await expect(figure(chat, 'Cost')).toContainText('$2.00');
});

test('on a slow line its shape is there at once, and what is not the range asked for is faint', async ({ chat, page }) => {
  await talk(chat);
  let goOn = () => {};
  let held: Promise<void>;
  const hold = () => (held = new Promise<void>(resolve => (goOn = resolve)));
  hold();
  await page.route('**/fn/usage*', async route => {
    await held;
    await route.continue();
  });
  await page.getByRole('link', { name: 'Usage' }).click();
  await expect(page.getByRole('heading', { name: 'Usage' })).toBeVisible();
  const shape = page.locator('.usage-waiting');
  await expect(shape).toBeVisible();
  await expect(shape).toHaveAttribute('aria-busy', 'true');
  await expect(page.getByRole('link', { name: '30 days' })).toBeVisible();
  goOn();
  await expect(figure(chat, 'Answers')).toContainText('3');
  await expect(shape).toHaveCount(0);

  const report = page.locator('.usage-report');
  await expect(report).toHaveAttribute('aria-busy', 'false');
  hold();
  await page.getByRole('link', { name: '90 days' }).click();
  await expect(page.getByRole('link', { name: '90 days' })).toHaveAttribute('aria-current', 'page');
  await expect(report).toHaveAttribute('aria-busy', 'true');
  await expect(report).toHaveCSS('opacity', '0.55');
  await expect(page.locator('.usage-chart .bar')).toHaveCount(30);
  // Whatever comes late: the last one asked for is shown.
  await page.getByRole('link', { name: '7 days' }).click();
  goOn();
  await expect(page.locator('.usage-chart .bar')).toHaveCount(7);
  await expect(report).toHaveAttribute('aria-busy', 'false');
  await expect(report).toHaveCSS('opacity', '1');
});

test('what is read anew comes into what is open, where something was answered and not where more is listed', async ({
  chat,
  page,
  context,
}) => {
  await chat.open('/llm');
  const history = new History(new URL(page.url()).origin, await Api.of(context, new URL(page.url()).origin));
  await history.say('Cheap, please');
  await history.talk(55);
  await chat.open('/usage');
  await expect(figure(chat, 'Answers')).toContainText('56');
  let readings = 0;
  page.on('request', request => {
    if (request.url().includes('/fn/usage')) readings += 1;
  });
  await expect(async () => {
    await chat.conversations.last().scrollIntoViewIfNeeded();
    expect(await chat.conversations.count()).toBe(56);
  }).toPass();
  const listed = page.waitForResponse('**/fn/sessions*');
  await chat.lookAgain();
  await (await listed).finished();
  expect(readings, 'more is listed, no more was answered').toBe(0);

  /** Something is answered on another device, and one looks at the page again. */
  const answered = async (message: string, count: number) => {
    await history.say(message);
    await expect(async () => {
      await chat.lookAgain();
      await expect(figure(chat, 'Answers')).toContainText(String(count), { timeout: 500 });
    }).toPass();
  };
  const details = page.locator('details.usage-numbers');
  await details.locator('summary').click();
  const days = page.getByRole('table', { name: 'Every day in numbers' });
  await days.locator('..').focus();
  await answered('Cheap, please', 57);
  expect(readings).toBe(1);
  await expect(days.getByRole('row').nth(1)).toContainText('57');
  await expect(details).toHaveAttribute('open', '');
  await expect(days.locator('..')).toBeFocused();

  const link = page.getByRole('table', { name: /each conversation/ }).getByRole('link', { name: 'Cheap' }).first();
  const address = await link.getAttribute('href');
  await link.focus();
  await answered('=SUM("a", b)', 58);
  await expect(page.locator(`.usage-table a[href="${address}"]`), 'another is first now').toBeFocused();

  const slider = page.getByRole('slider', { name: 'Bar of the chart' });
  await slider.focus();
  await answered('Cheap, please', 59);
  await expect(slider).toBeFocused();
  await expect(page.locator('.tip')).toContainText('59 answers');
});

test('a table comes as a file', async ({ chat, page }) => {
  await talk(chat);
  await chat.open('/usage?range=90d');
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download by session as CSV' }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/^parley_usage_by_session_90d_\d{4}-\d\d-\d\d\.csv$/);
  const lines = readFileSync(await download.path(), 'utf8').split('\r\n');
  expect(lines).toHaveLength(5);
  expect(lines[1]).toContain(`,"'=SUM(""a"", b)",`);
  expect(lines[1]).toMatch(/,1,2000,500,2500,1\.500000,0,0$/);
  expect(lines[4]).toBe('');
  await expect(page, 'the page stays').toHaveURL(/\/usage\?range=90d$/);
});

test('nothing is wider than a phone but the tables, which scroll in themselves', async ({ chat, page }) => {
  await talk(chat);
  await page.setViewportSize({ width: 360, height: 740 });
  await chat.open('/usage');
  await page.locator('summary', { hasText: 'Every day in numbers' }).click();
  const widths = await page.evaluate(() => {
    const main = document.querySelector('main')!;
    const { scrollWidth, scrollHeight } = document.documentElement;
    return { page: scrollWidth, height: scrollHeight, needed: main.scrollWidth, given: main.clientWidth };
  });
  expect(widths.page).toBeLessThanOrEqual(360);
  expect(widths.height, 'what is unseen makes nothing longer').toBeLessThanOrEqual(740);
  expect(widths.needed).toBeLessThanOrEqual(widths.given);
  const table = page.getByRole('region', { name: 'What each conversation took' });
  await table.scrollIntoViewIfNeeded();
  await expect(table.getByRole('cell', { name: '$1.50' }), 'the cost is seen first').toBeInViewport({ ratio: 1 });
  await table.focus();
  const last = table.getByRole('columnheader', { name: 'Answers' });
  await expect(async () => {
    await page.keyboard.press('ArrowRight');
    await expect(last).toBeInViewport({ ratio: 1, timeout: 100 });
  }).toPass();
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
  expect(violations).toEqual([]);

  await page.getByRole('button', { name: 'Conversations' }).click();
  await page.getByRole('link', { name: 'Usage' }).click();
  await expect(page.locator('.sidebar.open')).toHaveCount(0);
});

test("who has asked nothing sees nothing, and nothing of another's", async ({ chat, newVisitor }) => {
  await talk(chat);
  const other = new Chat(await (await newVisitor()).newPage());
  await other.page.goto('/usage?range=all');
  await expect(other.page.getByRole('heading', { name: 'Nothing was answered yet' })).toBeVisible();
  await other.page.getByRole('link', { name: 'Begin a conversation' }).click();
  await expect(other.composer).toBeVisible();
});
