// Conversations taken along in every format, and brought in: from Parley, and from elsewhere.
import { AxeBuilder } from '@axe-core/playwright';
import { type Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { Chat } from '../support/chat.ts';

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Import conversations' });

async function openImport(page: Page) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('import');
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toBeVisible();
}

async function pick(page: Page, name: string, content: string | Buffer) {
  const buffer = typeof content === 'string' ? Buffer.from(content) : content;
  await dialog(page).locator('input[type=file]').setInputFiles({ name, mimeType: 'application/json', buffer });
}

/** An export of ChatGPT's kind, of so many conversations. */
function chatgpt(count: number, from = 0): string {
  const message = (role: string, text: string) => ({
    author: { role },
    create_time: 1_760_000_000,
    content: { content_type: 'text', parts: [text] },
    recipient: 'all',
    status: 'finished_successfully',
    metadata: role === 'assistant' ? { model_slug: 'gpt-elsewhere' } : {},
  });
  const picture = {
    ...message('user', ''),
    content: { content_type: 'multimodal_text', parts: [{ content_type: 'image_asset_pointer' }] },
  };
  return JSON.stringify(
    Array.from({ length: count }, (_, at) => ({
      conversation_id: `00000000-0000-4000-8000-${String(from + at).padStart(12, '0')}`,
      title: `From elsewhere ${from + at}`,
      create_time: 1_760_000_000 + at,
      update_time: 1_760_000_100 + at,
      current_node: 'answer',
      mapping: {
        root: { parent: null, message: null },
        picture: { parent: 'root', message: picture },
        question: { parent: 'root', message: message('user', `Question ${from + at}`) },
        answer: { parent: 'question', message: message('assistant', `**Answer** ${from + at}`) },
      },
    })),
  );
}

test('a conversation is saved in each format from the toolbar, and the page it makes runs nothing', async ({
  chat,
  page,
  browser,
}, info) => {
  await chat.open('/llm');
  await chat.sayAndWait('/answer Plan how we track user logins');
  const id = await chat.conversationOpened();
  const menu = page.locator('.export');
  const save = async (name: string) => {
    await menu.locator('summary').focus();
    await page.keyboard.press('Enter');
    await expect(menu.getByRole('link')).toHaveText(['Export as Markdown', 'Export as JSON', 'Export as HTML']);
    const download = page.waitForEvent('download');
    await menu.getByRole('link', { name }).press('Enter');
    await expect(menu.getByRole('link')).toHaveCount(0);
    return download;
  };
  for (const [name, extension] of [['Export as Markdown', 'md'], ['Export as JSON', 'json']] as const) {
    expect((await save(name)).suggestedFilename()).toMatch(new RegExp(`^pas_conversation_${id}_\\d{14}\\.${extension}$`));
  }
  const file = await save('Export as HTML');
  const saved = info.outputPath('saved.html');
  await file.saveAs(saved);

  // As a file of one's own, in a browser that has never seen Parley.
  const context = await browser.newContext();
  const alone = await context.newPage();
  const complaints: string[] = [];
  alone.on('console', line => complaints.push(line.text()));
  alone.on('request', request => {
    if (!request.url().startsWith('file:')) complaints.push(request.url());
  });
  for (const [width, colorScheme] of [[1440, 'dark'], [360, 'light']] as const) {
    await alone.setViewportSize({ width, height: 900 });
    await alone.emulateMedia({ colorScheme });
    await alone.goto(`file://${saved}`);
    await expect(alone.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(alone.locator('.rendered').first()).toBeVisible();
    const wider = await alone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wider, 'nothing stands beyond the edge').toBe(0);
    await alone.screenshot({ path: `screenshots/export-html-${width}-${colorScheme}.png`, fullPage: true });
  }
  const background = await alone.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(background, 'its style passes its own policy').toBe('rgb(251, 252, 254)');
  expect(complaints).toEqual([]);
  await context.close();
});

test('a file is checked first, taken in, and doubles nothing the second time', async ({ chat, page }) => {
  await chat.open('/llm');
  await openImport(page);
  await pick(page, 'conversations.json', chatgpt(3));
  await expect(dialog(page).getByRole('status')).toContainText('3 conversations, from ChatGPT. Nothing has been taken in yet.');
  await expect(dialog(page).getByRole('listitem')).toHaveText(['3 conversations new: 6 messages', '3 messages without text left out', '3 pictures left out']);
  await expect(chat.conversations).toHaveCount(0);

  await dialog(page).getByRole('button', { name: 'Import 3' }).click();
  await expect(dialog(page).getByRole('status')).toContainText('3 conversations, from ChatGPT. It is done.');
  await expect(chat.conversations).toHaveCount(3);

  await dialog(page).getByRole('button', { name: 'Another file' }).click();
  await pick(page, 'conversations.json', chatgpt(4));
  await expect(dialog(page).getByRole('listitem')).toHaveText([
    '1 conversation new: 2 messages',
    '3 conversations here already',
    '4 messages without text left out',
    '4 pictures left out',
  ]);
  await dialog(page).getByRole('button', { name: 'Import 1' }).click();
  await expect(chat.conversations).toHaveCount(4);
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();

  await chat.conversations.filter({ hasText: 'From elsewhere 3' }).click();
  await expect(chat.lastText.locator('strong')).toHaveText('Answer');
  await expect(chat.lastAnswer).toContainText('gpt-elsewhere');
});

test('what was saved comes back in another browser, and goes on there', async ({ chat, page, newVisitor }) => {
  await chat.open('/llm');
  await chat.sayAndWait('Something to move');
  const id = await chat.conversationOpened();
  const saved = await page.request.get(`/api/chat/sessions/${id}/export?format=json`);
  const context = await newVisitor();
  const other = new Chat(await context.newPage());
  await other.open('/history');
  await other.page.getByRole('button', { name: 'Import' }).click();
  await pick(other.page, 'mine.json', await saved.body());
  await dialog(other.page).getByRole('button', { name: 'Import 1' }).click();
  await expect(dialog(other.page).getByRole('status')).toContainText('It is done.');
  await dialog(other.page).getByRole('button', { name: 'Close' }).click();
  await expect(other.page.locator('.conversations tbody tr')).toHaveCount(1);
  await other.conversations.filter({ hasText: 'Something to move' }).click();
  await expect(other.page).not.toHaveURL(new RegExp(id));
  await other.sayAndWait('And on');
});

test('a file that is no good is refused with the place, and a dropped one is taken like a picked one', async ({
  chat,
  page,
  guard,
}) => {
  await chat.open('/llm');
  await openImport(page);
  guard.allow(/status of 422/);
  await pick(page, 'bad.json', chatgpt(2).replace('"parent":"question"', '"parent":"gone"'));
  await expect(dialog(page).getByRole('alert')).toContainText('The file cannot be taken in. Conversation 1, message 4, `mapping.answer`: the message before it, gone, is not there');
  await dialog(page).getByRole('button', { name: 'Another file' }).click();

  const data = await page.evaluateHandle(text => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'dropped.json', { type: 'application/json' }));
    return data;
  }, chatgpt(1));
  await dialog(page).locator('.drop').dispatchEvent('drop', { dataTransfer: data });
  await expect(dialog(page).getByRole('status')).toContainText('1 conversation, from ChatGPT.');
});

test('an import can be stopped, keeps what it has done, and is completed by the same file', async ({ chat, page }) => {
  test.slow();
  await chat.open('/llm');
  await openImport(page);
  const file = chatgpt(2_000);
  await pick(page, 'conversations.json', file);
  await dialog(page).getByRole('button', { name: 'Import 2000' }).click();
  await expect(dialog(page).getByRole('progressbar', { name: 'Importing' })).toHaveAttribute('value', /^[1-9]/);
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog(page).getByRole('status')).toContainText('Stopped. What was taken in until then stays');
  await dialog(page).getByRole('button', { name: 'Another file' }).click();
  await pick(page, 'conversations.json', file);
  await expect(dialog(page).getByRole('listitem').nth(1)).toHaveText(/^[\d,]+ conversations here already$/);
  await dialog(page).getByRole('button', { name: /^Import \d+$/ }).click();
  await expect(dialog(page).getByRole('status')).toContainText('It is done.', { timeout: 60_000 });
  expect(await total(page)).toBe(2_000);
});

/** How many conversations there are. */
async function total(page: Page): Promise<number> {
  const list = await (await page.request.get('/api/chat/sessions?limit=1')).json();
  return list.total;
}

/** Waits until all lists tell of as many as there are: more than none, and not all of `whole`. */
async function tellOfPart(chat: Chat, whole: number) {
  await expect(async () => {
    const count = await total(chat.page);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(whole);
    await expect(chat.page.locator('.total')).toHaveText(new RegExp(`^${count.toLocaleString('en')} conversations`), { timeout: 500 });
  }).toPass();
  await expect(chat.conversations).not.toHaveCount(0);
}

test('Escape stops an import and leaves the dialog to say so; a double click does not stop what it began', async ({ chat, page }) => {
  test.slow();
  await chat.open('/history');
  await page.getByRole('button', { name: 'Import' }).click();
  await pick(page, 'conversations.json', chatgpt(2_000));
  await dialog(page).getByRole('button', { name: 'Import 2000' }).dblclick();
  await expect(dialog(page).getByRole('progressbar', { name: 'Importing' })).toHaveAttribute('value', /^[1-9]/);
  // Wherever the second click has put the focus.
  await page.keyboard.press('Escape');
  await expect(dialog(page).getByRole('status')).toContainText('Stopped. What was taken in until then stays');
  await tellOfPart(chat, 2_000);
  await expect(dialog(page).getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
});

test('an import that ends because another dialog opens is told of, and the lists have what it brought', async ({ chat, page }) => {
  test.slow();
  await chat.open('/history');
  await page.getByRole('button', { name: 'Import' }).click();
  await pick(page, 'conversations.json', chatgpt(2_000));
  await dialog(page).getByRole('button', { name: 'Import 2000' }).press('Enter');
  await expect(dialog(page).getByRole('heading'), 'the focus waits').toBeFocused();
  await expect(dialog(page).getByRole('progressbar', { name: 'Importing' })).toHaveAttribute('value', /^[1-9]/);
  await page.keyboard.press('Control+k');
  await expect(dialog(page)).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(chat.notice).toContainText('The import was stopped.');
  await tellOfPart(chat, 2_000);
});

test('by keyboard alone, on a phone: each step has the focus where one goes on, and a way out', async ({ chat, page, guard }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await chat.open('/llm');
  const button = (name: string) => dialog(page).getByRole('button', { name, exact: true });
  const field = dialog(page).locator('input[type=file]');
  await openImport(page);
  await expect(field).toBeFocused();
  await expect(button('Close')).toBeVisible();
  guard.allow(/status of 422/);
  await pick(page, 'bad.json', '{ bad }');
  await expect(dialog(page).getByRole('alert')).toContainText('The file cannot be taken in. Line 1, column ');
  await expect(button('Close')).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(button('Another file')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(field).toBeFocused();

  await pick(page, 'conversations.json', chatgpt(3));
  await expect(button('Import 3')).toBeFocused();
  await expect(button('Cancel')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('status')).toContainText('It is done.');
  await expect(button('Close')).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await pick(page, 'conversations.json', chatgpt(3));
  await expect(dialog(page).getByRole('status')).toContainText('Nothing in it is new.');
  await expect(button('Close')).toBeFocused();
  const { violations } = await new AxeBuilder({ page }).include('dialog[open]').analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toBeHidden();

  await openImport(page);
  await pick(page, 'conversations.json', chatgpt(4));
  await expect(button('Import 1')).toBeFocused();
  await button('Cancel').click();
  await expect(dialog(page)).toBeHidden();
  await openImport(page);
  await expect(field, 'it begins anew').toBeFocused();
});

for (const width of [1440, 768, 360]) {
  for (const theme of ['dark', 'light'] as const) {
    test(`the dialog and the menu can be read at ${width} px, ${theme}`, async ({ chat, page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 800 });
      await chat.open('/llm');
      await chat.sayAndWait('Something for later');
      await page.locator(width <= 480 ? '.more-tools summary' : '.export summary').click();
      await page.screenshot({ path: `screenshots/export-menu-${width}-${theme}.png` });
      await page.keyboard.press('Tab');
      await chat.composer.focus();
      await openImport(page);
      await page.screenshot({ path: `screenshots/import-${width}-${theme}.png` });
      await pick(page, 'conversations.json', chatgpt(1_200));
      await expect(dialog(page).getByRole('button', { name: 'Import 1200' })).toBeVisible();
      await page.screenshot({ path: `screenshots/import-checked-${width}-${theme}.png` });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wider).toBe(0);
      const found = await new AxeBuilder({ page }).include('dialog[open]').analyze();
      expect(found.violations).toEqual([]);
      await page.keyboard.press('Escape');
      await expect(dialog(page)).toBeHidden();
    });
  }
}
