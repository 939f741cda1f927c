// Conversations, found again and put away: the sidebar's list, and the page of all of them.
import { readFileSync } from 'node:fs';
import { type Page } from '@playwright/test';
import { expect, test } from '../support/history.ts';

const rows = (page: Page) => page.locator('.conversations tbody tr');
const titles = (page: Page) => page.locator('.conversations tbody .title');
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
    await expect(row('Another name')).toBeVisible();
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await expect(row('The first one')).toBeVisible();

    await pick('The first one', 1);
    await expect(page.locator('section', { hasText: 'Pinned' }).locator('.session')).toHaveText(/The first one/);

    await pick('The second one', 5);
    await expect(row('The second one')).toHaveCount(0);
    await expect(toast(page)).toContainText('in the archive');
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await expect(row('The second one')).toBeVisible();

    await pick('The second one', 6);
    await expect(row('The second one')).toHaveCount(0);
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await expect(row('The second one')).toBeVisible();
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
    await titles(page).getByRole('link').click();
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
