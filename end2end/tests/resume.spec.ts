// A turn belongs to the server: readers come and go, and nothing is lost, doubled or started twice.
import { expect, test } from '../fixtures.ts';
import { ANSWER, MODELS } from '../support/provider.ts';
import { Chat } from '../support/chat.ts';
import { SERVER_WENT_AWAY } from '../support/guard.ts';

/** Between pieces of ten characters; the answer of some 550 takes about five seconds. */
const SLOW = 90;
/** Slow enough that the page is back, on a busy machine too, long before the answer of some 15 seconds ends. */
const SLOWER = 300;

test('an answer survives a reload, is asked for once and written once', async ({ chat, startParley, startProvider }) => {
  const provider = await startProvider(SLOWER);
  const parley = await startParley(provider.environment('openai'));
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Tell me everything');
  await chat.streaming(40);
  await chat.conversationOpened();

  const again = await chat.page.reload();
  expect(await again?.text(), 'the server still writes the answer').toContain('data-status="streaming"');
  await chat.hydrated();
  await chat.ends('complete');

  await expect(chat.lastText).toHaveText(ANSWER);
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.answers).toHaveCount(1);
  expect(provider.chats()).toHaveLength(1);
});

test('two tabs see the same answer, and it outlives the server', async ({ chat, context, startParley, startProvider, guard }) => {
  guard.allow(SERVER_WENT_AWAY);
  const provider = await startProvider(SLOW);
  const parley = await startParley(provider.environment('openai'));
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Tell us both');
  await chat.streaming(20);
  const id = await chat.conversationOpened();

  const other = new Chat(await context.newPage());
  await other.open(`${parley.url}/llm/${id}`);
  await chat.ends('complete');
  await other.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  await expect(other.lastText).toHaveText(ANSWER);
  expect(provider.chats()).toHaveLength(1);

  await parley.stop();
  await parley.launch();
  await chat.reload();
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  expect(provider.chats()).toHaveLength(1);
});

test('a killed server leaves the text so far, marked as interrupted, with a Retry', async ({ chat, startParley, startProvider, guard }) => {
  guard.allow(SERVER_WENT_AWAY);
  const provider = await startProvider(SLOW);
  const parley = await startParley(provider.environment('openai'));
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Tell me while you can');
  await chat.streaming(120);

  await parley.kill();
  await parley.launch();
  await chat.reload();
  await chat.ends('interrupted');
  // Whatever was on the screen more than a moment ago was saved.
  const kept = (await chat.lastText.innerText()).trim();
  expect(kept.length).toBeGreaterThan(60);
  expect(ANSWER.startsWith(kept.slice(0, 30))).toBe(true);
  expect(provider.chats()).toHaveLength(1);

  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await expect.poll(() => provider.chats().length).toBe(2);
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
});
