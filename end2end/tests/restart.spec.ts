// A plan that waits for the person waits through a restart, too: marked as such, and decided on as before.
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { Chat } from '../support/chat.ts';
import { SERVER_WENT_AWAY } from '../support/guard.ts';
import type { Parley } from '../support/parley.ts';

const MARK = 'Parley was restarted while this plan waited.';
/** What is older is saved, however the server ends. */
const SAVED_WITHIN = 250;

const approval = (page: Page) => page.getByRole('region', { name: 'Approval' });

/** Kills the server while a plan waits, and starts it again. */
async function crash(parley: Parley, chat: Chat): Promise<void> {
  await expect(approval(chat.page)).toBeVisible();
  await pause(SAVED_WITHIN);
  await parley.kill();
  await parley.launch();
}

/** Says something that a plan answers, and comes back to the plan after a crash. */
async function comeBack(parley: Parley, chat: Chat, message: string): Promise<void> {
  await chat.open(`${parley.url}/llm`);
  await chat.say(message);
  await crash(parley, chat);
  await chat.reload();
  await isMarked(chat);
}

async function isMarked(chat: Chat): Promise<void> {
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'interrupted');
  await expect(chat.lastAnswer.locator('.who')).toContainText('Interrupted');
  await expect(approval(chat.page)).toContainText(MARK);
  await expect(chat.lastAnswer.locator('.failure')).toHaveCount(0);
}

/** The answers that were there before are as they were, without their buttons. */
async function isDecided(chat: Chat, answers: number): Promise<void> {
  await expect(chat.answers).toHaveCount(answers);
  await expect(chat.answers.nth(answers - 2)).toContainText(MARK);
  await expect(chat.answers.nth(answers - 2)).toHaveAttribute('data-status', 'interrupted');
  await expect(chat.answers.nth(answers - 2).getByRole('button', { name: 'Approve' })).toHaveCount(0);
  await expect(chat.answers.nth(answers - 2).locator('.who')).not.toContainText('Shall the plan be carried out?');
}

test.beforeEach(({ guard }) => guard.allow(SERVER_WENT_AWAY));

test('an approved plan is carried out by the whole hierarchy after the server was killed', async ({ chat, context, startParley }) => {
  await comeBack(await startParley(), chat, '/delegate Build a login page');
  await expect(chat.lastText).toContainText('Architect divides “Build a login page”');
  await expect(chat.lastAnswer.locator('.who')).toContainText('Shall the plan be carried out?');
  const other = new Chat(await context.newPage());
  await other.open(chat.page.url());
  await isMarked(other);

  // By keyboard alone.
  await approval(chat.page).getByRole('button', { name: 'Approve' }).focus();
  await chat.page.keyboard.press('Enter');
  await expect(chat.questions.last()).toContainText('Approved: carry out the plan.');
  await expect(chat.stop).toBeVisible();
  await other.lookAgain();
  for (const tab of [chat, other]) {
    // Nothing that a person would have to approve again.
    await expect(tab.lastAnswer).toHaveAttribute('data-status', 'complete');
    await isDecided(tab, 2);
    await expect(approval(tab.page)).toHaveCount(0);
    await expect(tab.lastText).toContainText('The plan was approved. Architect hands “Build a login page” to');
    await expect(tab.lastText).toContainText('All parts are back.');
    await expect(tab.lastAnswer.locator('.tasks').first()).toContainText(/(\d+) of \1 tasks done/);
  }
  await chat.reload();
  await isDecided(chat, 2);
});

test('a page that was open all the time shows the mark by itself, and a plan can be changed', async ({ chat, hierarchy, startParley }) => {
  const parley = await startParley(hierarchy.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  await crash(parley, chat);
  await isMarked(chat);
  await expect(chat.lastAnswer.locator('.foot')).toContainText('1,100 tokens · 0.1 % · $0.0028');
  await approval(chat.page).getByRole('button', { name: 'Refine' }).click();
  await expect(chat.page.getByRole('textbox', { name: 'What to change' })).toBeFocused();
  await chat.page.keyboard.type('keep it small');
  await approval(chat.page).getByRole('button', { name: 'Send changes' }).click();
  await expect(chat.questions.last()).toContainText('Change the plan: keep it small');
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'streaming');
  await expect(approval(chat.page)).toBeVisible();
  await expect(approval(chat.page)).not.toContainText(MARK);
  expect(hierarchy.asked, 'nobody works before the decision').toEqual(['Architect', 'Architect']);

  // And again: a plan that was changed waits no less.
  await chat.reload();
  await crash(parley, chat);
  await chat.reload();
  await isMarked(chat);
  await approval(chat.page).getByRole('button', { name: 'Approve' }).click();
  await expect(chat.answers).toHaveCount(3);
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await expect(chat.lastText).toContainText('Done by Architect.');
  await isDecided(chat, 3);
  expect(hierarchy.asked.slice(2)).toEqual([
    'Architect', 'Dir-Code', 'Mgr-Code-01', 'Programmer-GPT-001', 'Mgr-Code-01', 'Dir-Code', 'Architect',
  ]);
});

test('a rejected plan ends cleanly, at no cost', async ({ chat, hierarchy, startParley }) => {
  const parley = await startParley(hierarchy.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  await expect(approval(chat.page)).toBeVisible();
  // As an operator restarts it.
  await parley.stop();
  await parley.launch();
  await chat.reload();
  await isMarked(chat);
  await approval(chat.page).getByRole('button', { name: 'Cancel' }).click();
  await expect(chat.questions.last()).toContainText('Rejected: do not carry out the plan.');
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await expect(chat.lastText).toHaveText('The plan was rejected, so nothing was carried out.');
  await expect(chat.lastAnswer.locator('.foot')).not.toContainText('tokens');
  expect(hierarchy.asked).toEqual(['Architect']);
});

test('whoever says something else instead is asked no longer', async ({ chat, startParley }) => {
  await comeBack(await startParley(), chat, '/approval Tidy up');
  await chat.say('/echo Never mind');
  await expect(approval(chat.page)).toHaveCount(0);
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await isDecided(chat, 2);
});

test('of two browsers that decide, the second is told that nothing waits any more', async ({ chat, context, newVisitor, startParley, guard }) => {
  guard.allow(/409/);
  await comeBack(await startParley(), chat, '/approval Tidy up');
  const sameBrowser = new Chat(await context.newPage());
  await sameBrowser.open(chat.page.url());
  // The same person elsewhere: no tab there hears of what is done here.
  const elsewhere = await newVisitor();
  await elsewhere.addCookies(await context.cookies());
  const other = new Chat(await elsewhere.newPage());
  await other.open(chat.page.url());
  await approval(chat.page).getByRole('button', { name: 'Cancel' }).click();
  await expect(chat.lastText).toHaveText('The plan was rejected, so nothing was carried out.');
  await expect(sameBrowser.lastText).toHaveText('The plan was rejected, so nothing was carried out.');
  await expect(approval(sameBrowser.page)).toHaveCount(0);
  // Not a look: a click alone, as by one whose window is beside.
  await approval(other.page).getByRole('button', { name: 'Approve' }).dispatchEvent('click');
  await expect(other.notice).toContainText('No task of this conversation is waiting for approval.');
  await other.notice.getByRole('button', { name: 'Retry' }).click();
  await expect(other.answers).toHaveCount(2);
  await expect(other.lastText).toHaveText('The plan was rejected, so nothing was carried out.');
  await expect(approval(other.page)).toHaveCount(0);
});

test('an outer Gateway that went on waiting is told to stop, and then of the decision', async ({ chat, startGateway, startParley }) => {
  const never = new Promise<never>(() => {});
  const gateway = await startGateway({
    strict: true,
    answer: ({ decision }) => decision
      ? [{ type: 'token', content: `Told to ${decision.decision}.` }, { type: 'done' }]
      : [{ type: 'token', content: 'I would rename it.' }, { type: 'status_update', status: 'awaiting_approval', task_id: 't' }, { hold: never }],
  });
  const parley = await startParley(gateway.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Rename the column');
  await crash(parley, chat);
  await expect.poll(() => gateway.cancels).toEqual([chat.sessionId]);
  await chat.reload();
  await approval(chat.page).getByRole('button', { name: 'Approve' }).click();
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await expect(chat.lastText).toHaveText('Told to approve.');
  expect(gateway.approvals, 'its turn is gone').toEqual([]);
  expect(gateway.requests.at(-1)?.message).toBe('Approved: carry out the plan.');
});
