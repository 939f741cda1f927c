// Tabs share six connections to a server (HTTP/1.1) and a person's streams: none takes what it does not need.
import { expect, test } from '../fixtures.ts';
import { Chat } from '../support/chat.ts';
import { answerOf } from '../support/gateway.ts';
import { ANSWER, MODELS } from '../support/provider.ts';
import { Streams } from '../support/streams.ts';

const TABS = 6;

test('six idle tabs hold no stream, and all get their answers at the same time', async ({
  chat,
  context,
  startParley,
  startGateway,
  guard,
}) => {
  test.slow();
  guard.allow(/429/);
  const streams = new Streams(context);
  let goOn = () => {};
  // However slow the machine: nobody is done before the sixth has asked.
  const hold = new Promise<void>(resolve => (goOn = resolve));
  const gateway = await startGateway({
    answer: ({ message }) => (message.startsWith('More') ? [{ hold }, ...answerOf(ANSWER, 20)] : answerOf('Yes.')),
  });
  const parley = await startParley({ ...gateway.environment, PARLEY_STREAMS_PER_USER: '5' });
  const tabs = [chat];
  while (tabs.length < TABS) tabs.push(new Chat(await context.newPage()));
  // One after the other: a new visitor has no identity before the first answer.
  for (const [number, tab] of tabs.entries()) {
    await tab.open(`${parley.url}/llm`);
    await tab.sayAndWait(`First words of tab ${number}`);
    await tab.conversationOpened();
  }
  expect(new Set(tabs.map(tab => tab.sessionId)).size).toBe(TABS);
  await expect.poll(() => streams.open, 'streams of idle tabs').toBe(0);

  const reconnected = await Promise.all(tabs.map(tab => tab.watchFor('.reconnecting')));
  await Promise.all(tabs.map((tab, number) => tab.say(`More words of tab ${number}`)));
  await expect.poll(() => streams.statuses.includes(429), 'the sixth is refused at first').toBe(true);
  goOn();
  await Promise.all(tabs.map(tab => tab.ends('complete')));
  for (const tab of tabs) {
    await expect(tab.lastText).toHaveText(ANSWER);
    await expect(tab.answers).toHaveCount(2);
    await expect(tab.notice).toHaveCount(0);
  }
  expect(await Promise.all(reconnected.map(seen => seen()))).toEqual(tabs.map(() => false));
  expect(gateway.requests).toHaveLength(2 * TABS);
  await expect.poll(() => streams.open, 'streams of idle tabs').toBe(0);
});

test('whoever goes to another conversation takes no stream along', async ({
  chat,
  context,
  page,
  startParley,
  startProvider,
}) => {
  // Silent for long: it is not the next event that closes the stream.
  const provider = await startProvider(40, 12_000);
  const parley = await startParley(provider.environment('openai'));
  const streams = new Streams(context);
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Take your time');
  const id = await chat.conversationOpened();
  await expect.poll(() => streams.open).toBe(1);

  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect.poll(() => streams.open, { timeout: 4_000 }).toBe(0);
  await expect(chat.questions).toHaveCount(0);

  await page.locator(`a[href="/llm/${id}"]`).click();
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'streaming');
  await expect.poll(() => streams.open).toBe(1);
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  await expect.poll(() => streams.open).toBe(0);
  expect(provider.chats()).toHaveLength(1);
});

test('what another tab does shows here at once', async ({ chat, page, context, guard, startGateway, startParley }) => {
  guard.allow(/404/); // what the other tab has deleted
  let goOn = () => {};
  const hold = new Promise<void>(resolve => (goOn = resolve));
  const gateway = await startGateway({ answer: ({ message }) => (message === 'Go on' ? [...answerOf('Slowly.').slice(0, 1), { hold }, ...answerOf(' Done.')] : answerOf('Yes.')) });
  const { url } = await startParley(gateway.environment);
  await chat.open(`${url}/llm`);
  await chat.sayAndWait('The first one');
  const id = await chat.conversationOpened();
  const other = new Chat(await context.newPage());
  await other.open(`${url}/llm`);
  await other.sayAndWait('The second one');
  await expect(chat.conversations).toHaveText([/The second one/, /The first one/]);

  // The same conversation in both: the answer that the one asks for streams into the other.
  const third = new Chat(await context.newPage());
  await third.open(`${url}/llm/${id}`);
  await third.say('Go on');
  await expect(chat.questions).toHaveCount(2);
  await expect(chat.lastText).toHaveText('Slowly.');
  await expect(chat.stop).toBeVisible();
  // Where it is not open it moves up and is marked, until it has ended.
  await expect(other.conversations).toHaveText([/The first one/, /The second one/]);
  await expect(other.page.locator('.session').first().locator('.live')).toBeVisible();
  goOn();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText('Slowly. Done.');
  await expect(other.page.locator('.live')).toHaveCount(0);

  const rename = async (title: string) => {
    await other.page.getByRole('button', { name: 'Actions for The first one' }).click();
    await other.page.getByRole('button', { name: 'Rename' }).click();
    await other.page.keyboard.type(title);
    await other.page.keyboard.press('Enter');
  };
  await rename('Another name');
  await expect(page).toHaveTitle('Another name · Parley');
  await expect(chat.conversations.first()).toContainText('Another name');

  await other.page.getByRole('button', { name: 'Actions for Another name' }).click();
  await other.page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('This conversation does not exist')).toBeVisible();
  await expect(chat.conversations).toHaveCount(1);
  await other.page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expect(chat.questions).toHaveCount(2);
  await expect(chat.conversations).toHaveCount(2);
});

test('all conversations are listed anew when another tab changes one', async ({ chat, page, context, startGateway, startParley }) => {
  const gateway = await startGateway();
  const { url } = await startParley(gateway.environment);
  await chat.open(`${url}/llm`);
  await chat.sayAndWait('The first one');
  await chat.open(`${url}/history`);
  const rows = page.locator('.conversations tbody tr');
  await expect(rows).toHaveCount(1);
  const other = new Chat(await context.newPage());
  await other.open(`${url}/llm`);
  await other.sayAndWait('The second one');
  await expect(rows).toHaveCount(2);
  await other.page.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(rows).toHaveText([/The first one/]);
});

test('without a channel between tabs, what was said in another is here once one looks', async ({ chat, context, startParley }) => {
  await context.addInitScript(() => Reflect.deleteProperty(window, 'BroadcastChannel'));
  const parley = await startParley({ PARLEY_REHEARSAL_DELAY_MS: '60' });
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('Where we begin');
  const id = await chat.conversationOpened();
  const other = new Chat(await context.newPage());
  await other.open(`${parley.url}/llm/${id}`);
  await other.say('Where we go on');
  await other.streaming(5);
  await expect(chat.questions).toHaveCount(1);

  await expect(async () => {
    await chat.lookAgain();
    await expect(chat.questions).toHaveCount(2, { timeout: 2_000 });
  }).toPass();
  await chat.streaming(5);
  await expect(chat.stop).toBeVisible();
  await chat.ends('complete');
  await other.ends('complete');
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.lastText).toHaveText(await other.lastText.innerText(), { useInnerText: true });
  await chat.sayAndWait('Where we end');
  await expect(chat.questions).toHaveCount(3);
});
