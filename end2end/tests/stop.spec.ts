// Stop and Retry work in every state of the connection, and the composer is live again the moment an answer has ended.
import { expect, test } from '../fixtures.ts';
import { Api, Chat } from '../support/chat.ts';
import { ANSWER, MODELS } from '../support/provider.ts';
import { Streams } from '../support/streams.ts';

const LOST = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_FAILED/;
/** Rehearsal writes for a minute or so. */
const LONG = { PARLEY_REHEARSAL_DELAY_MS: '200' };

test('Stop says that it could not reach the server, and can be pressed again', async ({ chat, startParley, startWire, guard }) => {
  guard.allow(LOST);
  const wire = await startWire(await startParley(LONG));
  await chat.open(`${wire.url}/llm`);
  await chat.say('Plan how we track user logins');
  await chat.streaming(5);

  await wire.cut();
  await chat.stop.click();
  await expect(chat.notice).toContainText('could not be stopped');
  await expect(chat.notice).toContainText('could not be reached');
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'streaming');
  await expect(chat.reconnecting).toBeVisible();
  await expect(chat.stop).toBeEnabled();
  await chat.stop.click();
  await expect(chat.stop).toBeEnabled();

  await wire.mend();
  await chat.stop.click();
  await chat.ends('cancelled');
  await expect(chat.notice).toHaveCount(0);
  await expect(chat.reconnecting).toHaveCount(0);
  await expect(chat.send).toBeVisible();
  await chat.say('And another one');
  await chat.streaming(5);
  await chat.stop.click();
  await chat.ends('cancelled');
});

test('Stop ends an answer whose stream is away', async ({ chat, context, page, startParley, guard }) => {
  guard.allow(LOST);
  const parley = await startParley(LONG);
  const streams = new Streams(context);
  await page.route('**/api/chat/stream/**', route => route.abort());
  await chat.open(`${parley.url}/llm`);
  await chat.say('Plan how we track user logins');
  await chat.streaming(5);

  // The next attempt is more than six seconds away: it is not what brings the end.
  await expect.poll(() => streams.asked.length, { timeout: 30_000 }).toBe(5);
  await chat.stop.click();
  await chat.ends('cancelled', 5_000);
  expect(streams.asked).toHaveLength(5);
  await expect(chat.send).toBeVisible();
  await expect(chat.notice).toHaveCount(0);
});

test('Stop before the first word', async ({ chat, startParley, startProvider }) => {
  const provider = await startProvider(20, 8_000);
  const parley = await startParley(provider.environment('openai'));
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Take your time');
  await chat.conversationOpened();
  await expect(chat.lastAnswer.locator('.typing')).toBeVisible();

  await chat.stop.click();
  await chat.ends('cancelled', 6_000);
  await expect(chat.send).toBeVisible();
  await chat.sayAndWait('Now answer me');
  await expect(chat.lastText).toHaveText(ANSWER);
  await expect(chat.answers).toHaveCount(2);
});

test('Stop before the server has even taken the message', async ({ chat, page, startParley }) => {
  const parley = await startParley(LONG);
  await chat.open(`${parley.url}/llm`);
  let deliver = () => {};
  const held = new Promise<void>(resolve => (deliver = resolve));
  await page.route('**/fn/send_message', async route => {
    await held;
    await route.continue();
  });
  await chat.say('Plan how we track user logins');
  await chat.stop.click();
  await expect(chat.stop).toBeDisabled();
  deliver();
  await chat.ends('cancelled');
  await expect(chat.send).toBeVisible();
  await expect(chat.notice).toHaveCount(0);
});

test('Stop before the message was taken counts for whoever has gone on, too', async ({ chat, context, page, startParley }) => {
  const parley = await startParley(LONG);
  await chat.open(`${parley.url}/llm`);
  let deliver = () => {};
  const held = new Promise<void>(resolve => (deliver = resolve));
  await page.route('**/fn/send_message', async route => {
    await held;
    await route.continue();
  });
  await chat.say('Plan how we track user logins');
  await chat.stop.click();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect(chat.questions).toHaveCount(0);
  deliver();
  const api = await Api.of(context, parley.url);
  const running = async () => {
    const { sessions } = await api.get<{ sessions: { running: boolean }[] }>('/api/chat/sessions');
    return sessions.map(session => session.running);
  };
  await expect.poll(running).toEqual([false]);
});

test('Stop of an answer that has just ended is no error', async ({ chat, context, page, startParley, guard }) => {
  guard.allow(LOST);
  guard.allow(/409/);
  const parley = await startParley(LONG);
  await chat.open(`${parley.url}/llm`);
  await page.route('**/api/chat/stream/**', route => route.abort());
  await chat.say('Plan how we track user logins');
  const id = await chat.conversationOpened();
  await chat.streaming(1);
  // The page is not to learn of the end before Stop.
  const noticed = await chat.watchFor('.notice');
  let pressed = false;
  await page.route('**/fn/session', route => (pressed ? route.continue() : route.abort()));
  const api = await Api.of(context, parley.url);
  expect((await api.call('POST', `/api/chat/sessions/${id}/cancel`)).status).toBe(200);
  const refused = page.waitForResponse('**/fn/cancel');
  void page.waitForRequest('**/fn/cancel').then(() => (pressed = true));
  await chat.stop.click();
  expect((await refused).status()).toBe(409);
  await chat.ends('cancelled');
  expect(await noticed()).toBe(false);
  await expect(chat.send).toBeVisible();
});

test('an answer stopped in another tab has stopped here', async ({ chat, context, startParley }) => {
  const parley = await startParley(LONG);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Plan how we track user logins');
  await chat.streaming(5);
  const id = await chat.conversationOpened();
  const other = new Chat(await context.newPage());
  await other.open(`${parley.url}/llm/${id}`);
  await other.streaming(5);

  await other.stop.click();
  await other.ends('cancelled');
  await chat.ends('cancelled');
  await expect(chat.send).toBeVisible();
  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await expect(chat.answers).toHaveCount(1);
  await chat.streaming(5);
});

test('a conversation deleted in another tab is gone here', async ({ chat, context, startParley, guard }) => {
  guard.allow(/404/);
  const parley = await startParley(LONG);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Plan how we track user logins');
  await chat.streaming(5);
  const id = await chat.conversationOpened();
  const api = await Api.of(context, parley.url);
  expect((await api.call('DELETE', `/api/chat/sessions/${id}`)).status).toBe(204);

  // The end of the answer may have been read a moment before its conversation was gone.
  await expect(async () => {
    await chat.lookAgain();
    await expect(chat.page.getByText('This conversation does not exist')).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await expect(chat.conversations).toHaveCount(0);
  await chat.page.getByRole('button', { name: 'New conversation' }).click();
  await chat.say('Something else');
  await chat.streaming(1);
});
