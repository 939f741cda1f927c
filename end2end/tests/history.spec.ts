// Conversations, found again and put away: the sidebar's list, and the page of all of them.
import { readFileSync } from 'node:fs';
import { type Page } from '@playwright/test';
import { Chat } from '../support/chat.ts';
import { expect, test } from '../support/history.ts';

const rows = (page: Page) => page.locator('.conversations tbody tr');
const titles = (page: Page) => page.locator('.conversations tbody .title a');
const toast = (page: Page) => page.locator('.toast');

test.describe('the sidebar', () => {
  test('reads on as one nears its end, and keeps what it has when it is read again', async ({ chat, page, history }) => {
    test.slow();
    await history.talk(110);
    await chat.reload();
    await expect(chat.conversations).toHaveCount(50);

    const scroller = page.locator('.sessions');
    await scroller.evaluate(list => list.scrollTo(0, list.scrollHeight));
    await expect(chat.conversations).toHaveCount(100);
    // By keyboard and with a screen reader there is a button.
    await page.getByRole('button', { name: 'Show more' }).press('Enter');
    await expect(chat.conversations).toHaveCount(110);
    await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);

    await chat.sayAndWait('Talk 111');
    await expect(chat.conversations).toHaveCount(111);
    const shown = await page.locator('.session .title').allTextContents();
    expect(shown).toEqual(Array.from({ length: 111 }, (_, at) => `Talk ${111 - at}`));
  });

  test('renames, pins, archives and deletes by keyboard, and each can be undone', async ({ chat, page, history }) => {
    await history.say('The first one');
    await history.say('The second one');
    await chat.reload();
    const row = (title: string) => page.locator('.session', { hasText: title });
    const dots = (title: string) => row(title).getByRole('button', { name: `Actions for ${title}` });
    const pick = async (title: string, steps: number) => {
      await dots(title).focus();
      await page.keyboard.press('Enter');
      await expect(row(title).getByRole('button', { name: 'Rename' })).toBeFocused();
      for (let step = 0; step < steps; step += 1) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    };
    await dots('The first one').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await expect(dots('The first one')).toBeFocused();
    await expect(page.locator('.row-menu')).toHaveCount(0);

    await pick('The first one', 0);
    await page.keyboard.type('Another name');
    await page.keyboard.press('Enter');
    await expect(dots('Another name')).toBeFocused();
    await expect(toast(page)).toBeVisible();
    await page.keyboard.press('Control+z');
    await expect(row('The first one')).toBeVisible();

    await pick('The first one', 1);
    await expect(page.locator('section', { hasText: 'Pinned' }).locator('.session')).toHaveText(/The first one/);
    await expect(dots('The first one')).toBeFocused();

    // What goes hands the focus on to the row in its place.
    await pick('The second one', 5);
    await expect(row('The second one')).toHaveCount(0);
    await expect(dots('The first one')).toBeFocused();
    await expect(toast(page)).toContainText('in the archive');
    await page.keyboard.press('Control+z');
    await expect(row('The second one')).toBeVisible();
    await expect(toast(page)).toHaveCount(0);

    await dots('The second one').focus();
    await page.keyboard.press('Enter');
    await expect(row('The second one').getByRole('button', { name: 'Rename' })).toBeFocused();
    await page.keyboard.press('End');
    await expect(row('The second one').getByRole('button', { name: 'Delete' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(row('The second one')).toHaveCount(0);
    await page.keyboard.press('Control+z');
    await expect(row('The second one')).toBeVisible();
    // Where nothing can be undone the key is the browser's own.
    await chat.composer.focus();
    await page.keyboard.type('ab');
    await page.keyboard.press('Control+z');
    await expect(chat.composer).not.toHaveValue('ab');
  });

  test('offers to undo for as long as somebody is at it', async ({ chat, page, history }) => {
    await page.clock.install();
    await history.say('Gone in a moment');
    await chat.reload();
    await page.getByRole('button', { name: 'Actions for Gone in a moment' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await expect(toast(page)).toBeVisible();
    await toast(page).getByRole('button', { name: 'Undo' }).focus();
    await page.clock.runFor(30_000);
    await expect(toast(page)).toBeVisible();
    await chat.composer.focus();
    await page.clock.runFor(2_500);
    await expect(toast(page)).toHaveCount(0);
  });

  test('stays where it is when one is about to search, and its titles run the way they are written', async ({ chat, page, history }) => {
    await history.say('كيف يمكنني تحسين أداء قاعدة البيانات؟');
    await history.say('From left to right');
    await chat.reload();
    const arabic = page.locator('.session .title').nth(1);
    expect(await arabic.evaluate(title => getComputedStyle(title).direction)).toBe('rtl');
    const row = page.locator('.session').nth(1);
    const before = await row.boundingBox();
    await page.getByRole('searchbox', { name: 'Search titles and messages' }).click();
    await expect(page.getByText('Narrow it with agent:').first()).toBeVisible();
    expect(await row.boundingBox()).toEqual(before);
    await row.getByRole('button').click();
    await expect(page.getByRole('button', { name: 'Rename' })).toBeVisible();
  });

  test('exports the one that is pointed at', async ({ chat, page, history }) => {
    const { session_id } = await history.say('Take me along');
    await chat.reload();
    await page.getByRole('button', { name: 'Actions for Take me along' }).click();
    const download = page.waitForEvent('download');
    await page.locator('.row-menu').getByRole('link', { name: 'Export as JSON' }).click();
    expect((await download).suggestedFilename()).toContain(session_id);
    await expect(page.locator('.row-menu')).toHaveCount(0);
  });
});

test('what is in the archive says so where it is open, and is taken out of it there', async ({ chat, page, history }) => {
  const { session_id } = await history.say('Put away for now');
  expect((await history.api.call('POST', `/api/chat/sessions/${session_id}/clear`)).status).toBe(200);
  await chat.open(`${history.url}/llm/${session_id}`);
  await expect(page.getByText('This conversation is in the archive.')).toBeVisible();
  await expect(chat.composer).toHaveCount(0);
  await expect(chat.conversations).toHaveCount(0);
  const clear = page.getByRole('button', { name: 'Clear', exact: true });
  await expect(clear, 'it is there already').toHaveCount(0);
  await page.getByRole('button', { name: 'Restore' }).press('Enter');
  await expect(chat.composer).toBeFocused();
  await expect(clear).toBeVisible();
  await expect(chat.conversations).toHaveCount(1);
  await chat.sayAndWait('And on we go');
});

test('days begin by the clock of who asks', async ({ browser, context, guard, history }) => {
  await history.say('Written today');
  // Where it is another day than in UTC.
  const timezoneId = new Date().getUTCHours() >= 10 ? 'Pacific/Kiritimati' : 'Pacific/Pago_Pago';
  const day = (after: number) => new Intl.DateTimeFormat('en-CA', { timeZone: timezoneId }).format(Date.now() + after * 86_400_000);
  const away = await browser.newContext({ timezoneId, storageState: await context.storageState() });
  await guard.watch(away);
  const chat = new Chat(await away.newPage());
  await chat.open(`${history.url}/history?from=${day(0)}&until=${day(0)}`);
  await expect(titles(chat.page)).toHaveText(['Written today']);
  await chat.page.getByLabel('From').fill(day(1));
  await expect(chat.page.getByText('No conversation matches')).toBeVisible();
  const search = chat.page.getByRole('searchbox', { name: 'Search titles and messages' });
  await search.fill(`after:${day(0)} before:${day(1)} written `);
  await expect(chat.page.locator('.findings .hit').first()).toContainText('Written today');
  await search.fill(`before:${day(0)} written `);
  await expect(chat.page.getByText('Nothing found in titles')).toBeVisible();
  await away.close();
});

test.describe('all conversations', () => {
  test('are there with what they took, and open', async ({ chat, page, history: _ }) => {
    await chat.sayAndWait('What did it take?');
    const id = await chat.conversationOpened();
    await page.getByRole('link', { name: 'All conversations' }).click();
    await expect(page).toHaveURL(/\/history$/);
    await expect(page).toHaveTitle('All conversations · Parley');
    const cells = rows(page).first().getByRole('cell');
    await expect(rows(page)).toHaveCount(1);
    await expect(cells.nth(1)).toContainText('Architect');
    await expect(cells.nth(3)).toHaveText('2');
    await expect(cells.nth(4)).toHaveText(/^~?[\d,]+$/);
    await expect(cells.nth(5)).toHaveText(/^~?<?\$/);
    await expect(cells.nth(6)).toHaveText(/^Today \d\d:\d\d$/);
    await expect(page.locator('.session [aria-current]'), 'none is shown').toHaveCount(0);
    await titles(page).click();
    await expect(page).toHaveURL(new RegExp(id));
    await expect(chat.questions).toHaveText(/What did it take/);
  });

  test('what narrows them stands in the address: reload, back and forth', async ({ chat, page, history }) => {
    await history.say('The slow list');
    await history.say('The slow index', { agent_id: 'dir-code' });
    await history.say('Names & numbers');
    await chat.open(`${history.url}/history`);
    await expect(rows(page)).toHaveCount(3);

    await page.getByRole('searchbox', { name: 'Words of the title' }).fill('slow');
    await expect(titles(page)).toHaveText(['The slow index', 'The slow list']);
    await expect(page).toHaveURL(/\?q=slow$/);
    await page.getByLabel('Agent').selectOption({ label: 'Dir-Code' });
    await expect(titles(page)).toHaveText(['The slow index']);
    await expect(page).toHaveURL(/q=slow&agent=dir-code$/);
    await chat.reload();
    await expect(titles(page)).toHaveText(['The slow index']);
    await expect(page.getByRole('searchbox', { name: 'Words of the title' })).toHaveValue('slow');
    await expect(page.getByLabel('Agent')).toHaveValue('dir-code');

    await page.goBack();
    await expect(page.getByLabel('Agent')).toHaveValue('');
    await expect(titles(page)).toHaveCount(2);
    await page.goBack();
    await expect(titles(page)).toHaveCount(3);
    await expect(page.getByRole('searchbox', { name: 'Words of the title' })).toHaveValue('');

    await page.getByRole('columnheader', { name: 'Title' }).getByRole('link').click();
    await expect(titles(page)).toHaveText(['Names & numbers', 'The slow index', 'The slow list']);
    await expect(page.getByRole('columnheader', { name: 'Title' })).toHaveAttribute('aria-sort', 'ascending');
    await page.getByLabel('Until').fill('2001-01-01');
    await expect(page.getByText('No conversation matches')).toBeVisible();
    await page.getByRole('link', { name: 'Show all' }).click();
    await expect(titles(page)).toHaveCount(3);
  });

  test('can be narrowed with scripts off', async ({ context, page, history }) => {
    await history.say('Written for paper');
    await history.say('Something else');
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.goto(`${history.url}/history`);
    await expect(titles(page)).toHaveCount(2);
    await page.getByRole('searchbox', { name: 'Words of the title' }).fill('paper');
    await page.getByLabel('Order').selectOption('oldest');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page).toHaveURL(/q=paper.*sort=oldest/);
    await expect(titles(page)).toHaveText(['Written for paper']);
    await expect(page.getByLabel('Order')).toHaveValue('oldest');
  });

  test('go on on a next page', async ({ chat, page, history }) => {
    test.slow();
    await history.talk(60);
    await chat.open(`${history.url}/history`);
    await expect(rows(page)).toHaveCount(50);
    await expect(page.getByText('60 conversations')).toBeVisible();
    await page.getByRole('link', { name: 'Next page' }).click();
    await expect(titles(page)).toHaveText(Array.from({ length: 10 }, (_, at) => `Talk ${10 - at}`));
    await expect(page.getByRole('link', { name: 'Next page' })).toHaveCount(0);
    await chat.reload();
    await expect(rows(page)).toHaveCount(10);
    await page.getByRole('link', { name: 'First page' }).click();
    await expect(rows(page)).toHaveCount(50);
    await page.goBack();
    await expect(rows(page)).toHaveCount(10);

    // Who opens one and comes back is where he was.
    await page.getByRole('link', { name: 'First page' }).click();
    await expect(rows(page)).toHaveCount(50);
    await titles(page).nth(40).scrollIntoViewIfNeeded();
    const place = () => page.locator('.page').evaluate(scroller => scroller.scrollTop);
    const left = await place();
    expect(left).toBeGreaterThan(300);
    await titles(page).nth(40).click();
    await expect(chat.questions).toHaveText([/Talk 20/]);
    await page.goBack();
    await expect(rows(page)).toHaveCount(50);
    await expect.poll(place).toBe(left);
    // And nothing makes the document longer than the window.
    expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0);
  });

  test('of a list that is another one, or not whole, lead to the first page', async ({ chat, page, history, guard }) => {
    guard.allow(/422/);
    await history.say('Here I am');
    await chat.open(`${history.url}/history?after=garbage`);
    await page.getByRole('link', { name: 'To the first page' }).click();
    await expect(titles(page)).toHaveText(['Here I am']);
    await expect(page).toHaveURL(/\/history$/);
  });

  test('are gone through by the arrows, and the bar is near', async ({ chat, page, history }) => {
    await history.talk(8);
    await chat.open(`${history.url}/history`);
    const box = (number: number) => page.getByRole('checkbox', { name: `Select Talk ${number}`, exact: true });
    const bar = page.getByRole('toolbar', { name: 'Selected conversations' });
    await box(7).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await expect(bar).toContainText('2 selected');
    await page.keyboard.press('Home');
    await expect(box(8)).toBeFocused();
    await page.keyboard.press('End');
    await expect(box(1)).toBeFocused();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await expect(bar.getByRole('button', { name: 'Archive' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(bar).toHaveCount(0);
    await expect(box(7)).toBeFocused();

    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await expect(bar).toHaveCount(0);
    await page.keyboard.press('Space');
    await bar.getByRole('button', { name: 'Delete' }).press('Enter');
    await expect(rows(page)).toHaveCount(7);
    await expect(box(6), 'the row in its place').toBeFocused();
    await page.keyboard.press('Control+z');
    await expect(rows(page)).toHaveCount(8);

    await titles(page).first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(chat.questions).toHaveText([/Talk 7/]);
  });

  test('tell what went wrong where it is seen, however far one has scrolled', async ({ chat, page, history, guard }) => {
    guard.allow(/Failed to load resource/);
    await history.talk(30);
    await chat.open(`${history.url}/history`);
    await page.route('**/fn/change_many', route => route.abort());
    await page.getByRole('checkbox', { name: 'Select Talk 2', exact: true }).click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await expect(page.getByRole('alert')).toContainText('could not be reached');
    await expect(page.getByRole('alert')).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('toolbar'), 'what was selected still is').toContainText('1 selected');
  });

  test('are narrowed on a phone, where the fields open on a click', async ({ chat, page, history, guard }) => {
    guard.allow(/Failed to load resource/);
    await history.say('The slow list');
    await history.say('The slow index', { agent_id: 'dir-code' });
    await page.setViewportSize({ width: 360, height: 740 });
    await chat.open(`${history.url}/history`);
    await expect(page.getByLabel('Agent')).toBeHidden();
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByLabel('Agent').selectOption({ label: 'Dir-Code' });
    await page.getByLabel('Order').selectOption('cost');
    await expect(titles(page)).toHaveText(['The slow index']);
    await expect(page.getByRole('button', { name: 'Filters · 2' })).toHaveAttribute('aria-expanded', 'true');
    await expect(rows(page)).toContainText('Script Large');
    for (const field of ['Status', 'Agent', 'Model', 'From', 'Until', 'Order']) {
      await expect(page.getByLabel(field, { exact: true })).toBeInViewport({ ratio: 1 });
    }
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await expect(titles(page)).toHaveCount(2);
    await expect(page.getByLabel('Order'), 'the order stays').toHaveValue('cost');

    // The drawer closes by key here, too, and does not hide what went wrong in it.
    const menu = page.getByRole('button', { name: 'Conversations', exact: true });
    await menu.click();
    await expect(page.locator('.sidebar.open')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.locator('.sidebar.open')).toHaveCount(0);
    await expect(menu).toBeFocused();
    await page.route('**/fn/patch', route => route.abort());
    await menu.click();
    await page.getByRole('button', { name: 'Actions for The slow list' }).click();
    await page.getByRole('button', { name: 'Pin' }).click();
    await expect(page.getByRole('alert')).toBeInViewport({ ratio: 1 });
    await expect(page.locator('.sidebar.open')).toHaveCount(0);
  });

  test('are archived, restored and deleted many at once, and that is undone', async ({ chat, page, history }) => {
    await history.talk(6);
    await chat.open(`${history.url}/history`);
    const box = (number: number) => page.getByRole('checkbox', { name: `Select Talk ${number}`, exact: true });
    const all = page.getByRole('checkbox', { name: 'Select all on this page' });
    const bar = page.getByRole('toolbar', { name: 'Selected conversations' });
    await expect(bar).toHaveCount(0);
    await box(5).click();
    await box(2).click({ modifiers: ['Shift'] });
    await expect(bar).toContainText('4 selected');
    await expect(all).toBeChecked({ indeterminate: true });
    // By keyboard as well.
    await box(3).focus();
    await page.keyboard.press('Space');
    await expect(bar).toContainText('3 selected');
    await page.keyboard.press('Space');
    await bar.getByRole('button', { name: 'Archive' }).click();
    await expect(titles(page)).toHaveText(['Talk 6', 'Talk 1']);
    await expect(chat.conversations).toHaveCount(2);
    await expect(bar).toHaveCount(0);
    await expect(toast(page)).toContainText('4 conversations are in the archive.');
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await expect(rows(page)).toHaveCount(6);
    await expect(chat.conversations).toHaveCount(6);

    await all.click();
    await expect(bar).toContainText('6 selected');
    await bar.getByRole('button', { name: 'Select none' }).click();
    await expect(bar).toHaveCount(0);
    await box(6).focus();
    await page.keyboard.press('Space');
    await box(4).focus();
    await page.keyboard.press('Shift+Space');
    await expect(bar).toContainText('3 selected');
    await bar.getByRole('button', { name: 'Delete' }).click();
    await expect(rows(page)).toHaveCount(3);
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await expect(rows(page)).toHaveCount(6);

    await box(1).click();
    await bar.getByRole('button', { name: 'Archive' }).click();
    await expect(rows(page)).toHaveCount(5);
    await page.getByLabel('Status').selectOption('archived');
    await expect(titles(page)).toHaveText(['Talk 1']);
    await box(1).click();
    await bar.getByRole('button', { name: 'Restore' }).click();
    await expect(page.getByText('The archive is empty')).toBeVisible();
    await page.getByRole('link', { name: 'Show active ones' }).click();
    await expect(rows(page)).toHaveCount(6);
  });

  test('are saved many at once as one archive, and a refusal says why', async ({ chat, page, history, guard }) => {
    guard.allow(/429/);
    const [second, first] = await history.talk(2);
    await chat.open(`${history.url}/history`);
    const asked: unknown[] = [];
    const busy = { error: { code: 'too_many_archives', message: 'Two archives are on their way already.', action: 'Wait for one.' } };
    await page.route('**/api/chat/sessions/export', async route => {
      asked.push(route.request().postDataJSON());
      return asked.length === 2 ? route.fulfill({ status: 429, json: busy }) : route.continue();
    });
    await page.getByRole('checkbox', { name: 'Select all on this page' }).click();
    const bar = page.getByRole('toolbar', { name: 'Selected conversations' });
    const save = async (format: string) => {
      await bar.getByText('Export').click();
      await bar.getByRole('button', { name: format }).click();
    };
    const download = page.waitForEvent('download');
    await save('JSON');
    expect((await download).suggestedFilename()).toMatch(/^parley_conversations_.+\.zip$/);
    const archive = readFileSync(await (await download).path(), 'latin1');
    for (const { session_id } of [first!, second!]) expect(archive).toContain(session_id.replaceAll('-', ''));
    expect(asked).toEqual([{ ids: [second!.session_id, first!.session_id], format: 'json' }]);
    await save('Markdown');
    await expect(page.getByRole('alert')).toContainText('Two archives are on their way already.');
  });

  test('say so where there are none, and where they cannot be read', async ({ chat, page, guard, history }) => {
    guard.allow(/Failed to load resource/);
    await chat.open(`${history.url}/history`);
    await expect(page.getByText('No conversations yet')).toBeVisible();
    await page.route('**/fn/sessions', route => route.abort());
    await page.getByLabel('Status').selectOption('archived');
    await expect(page.getByRole('alert').filter({ hasText: 'could not be reached' })).toBeVisible();
    await page.unroute('**/fn/sessions');
    await page.getByRole('button', { name: 'Retry' }).click();
    await expect(page.getByText('The archive is empty')).toBeVisible();
  });
});
