// A lost connection is got back by the page itself, and nothing of the answer is lost or doubled.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '../fixtures.ts';
import { ANSWER, MODELS } from '../support/provider.ts';
import { Streams, watchAttempts } from '../support/streams.ts';

/** Between pieces of ten characters; the answer of some 550 takes about eight seconds. */
const SLOW = 150;
/** Some 20 seconds: the answer is still being written after the longest loss here. */
const SLOWER = 350;
const LOST = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED/;

test('a connection lost in mid-answer comes back by itself, and the text is whole', async ({
  chat,
  context,
  startParley,
  startProvider,
  startWire,
  guard,
}) => {
  guard.allow(LOST);
  const provider = await startProvider(SLOWER);
  const wire = await startWire(await startParley(provider.environment('openai')));
  const streams = new Streams(context);
  await chat.open(`${wire.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  const growth = await chat.recordGrowth();
  await chat.say('Tell me everything');
  await chat.streaming(60);
  await expect(chat.reconnecting).toHaveCount(0);

  await wire.cut();
  await expect(chat.reconnecting).toBeVisible();
  await expect(chat.page.getByRole('status').filter({ hasText: 'Reconnecting…' })).toHaveCount(1);
  await expect(chat.stop).toBeEnabled();
  // Long enough that more is written meanwhile than was read before.
  await chat.page.waitForTimeout(3_000);
  const asked = streams.asked.length;
  await wire.mend();

  await expect(chat.reconnecting).toHaveCount(0);
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'streaming');
  expect(streams.asked.length).toBeGreaterThan(asked);
  expect(streams.asked.at(-1)?.after, 'goes on after what was read').toMatch(/^[0-9a-f]{32}-[1-9]\d*$/);
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.notice).toHaveCount(0);
  const lengths = await growth();
  expect(lengths, 'the text only ever grew').toEqual([...lengths].sort((a, b) => a - b));
  expect(provider.chats()).toHaveLength(1);
  await expect.poll(() => streams.open).toBe(0);
});

test('a blip is not seen', async ({ chat, startParley, startProvider, startWire, guard }) => {
  guard.allow(LOST);
  const provider = await startProvider(SLOW);
  const wire = await startWire(await startParley(provider.environment('openai')));
  await chat.open(`${wire.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  const reconnected = await chat.watchFor('.reconnecting');
  await chat.say('Do not blink');
  await chat.streaming(40);

  await wire.cut();
  await wire.mend();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  expect(await reconnected()).toBe(false);
  expect(provider.chats()).toHaveLength(1);
});

test('without a network it waits, and goes on at once when there is one', async ({
  chat,
  context,
  startParley,
  startProvider,
  startWire,
  guard,
}) => {
  guard.allow(LOST);
  const provider = await startProvider(SLOWER);
  const wire = await startWire(await startParley(provider.environment('openai')));
  const streams = new Streams(context);
  await chat.open(`${wire.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Tell me on the train');
  await chat.streaming(40);

  // A browser that is told to be offline leaves open connections alone; a tunnel does not.
  await context.setOffline(true);
  await wire.cut();
  await expect(chat.page.getByText('You are offline.')).toBeVisible();
  await chat.page.waitForTimeout(4_000);
  const asked = streams.asked.length;
  expect(asked, 'no attempt after attempt where there is no network').toBeLessThanOrEqual(2);
  await wire.mend();
  await context.setOffline(false);
  const back = Date.now();
  await expect.poll(() => streams.asked.length).toBeGreaterThan(asked);
  expect((streams.asked[asked]?.at ?? Infinity) - back, 'milliseconds until the next attempt').toBeLessThan(3_000);
  await expect(chat.reconnecting).toHaveCount(0);
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  expect(provider.chats()).toHaveLength(1);
});

test('a stream that is refused is asked for at growing distances, and then read', async ({
  chat,
  context,
  startParley,
  startProvider,
  guard,
}) => {
  guard.allow(/50[23]|429/);
  const provider = await startProvider(SLOWER);
  const parley = await startParley(provider.environment('openai'));
  const streams = new Streams(context);
  const attempts = await watchAttempts(chat.page);
  const refusals = [503, 429, 502, 503];
  await chat.page.route('**/api/chat/stream/**', async route => {
    const status = refusals.shift();
    await (status ? route.fulfill({ status, body: '' }) : route.continue());
  });
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  const reconnected = await chat.watchFor('.reconnecting');
  await chat.say('Tell me when you have time');

  await expect.poll(() => streams.asked.length).toBe(5);
  // A busy machine adds to a wait and takes nothing away, so the least that each may be is what can be told apart.
  const times = await attempts();
  expect(times).toHaveLength(5);
  for (const [number, least] of [400, 800, 1_600, 3_200].entries()) {
    expect((times[number + 1] ?? 0) - (times[number] ?? 0), `wait ${number + 1}`).toBeGreaterThanOrEqual(least);
  }
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'streaming');
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  expect(streams.asked, 'the fifth was kept to the end').toHaveLength(5);
  expect(await reconnected(), 'the server could be reached all the time').toBe(false);
  expect(provider.chats()).toHaveLength(1);
});

test('an answer that ended while nobody could be reached is whole', async ({
  chat,
  startParley,
  startProvider,
  startWire,
  guard,
}) => {
  guard.allow(LOST);
  const provider = await startProvider(60);
  const parley = await startParley(provider.environment('openai'));
  const wire = await startWire(parley);
  await chat.open(`${wire.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Do not wait for me');
  await chat.streaming(40);

  await wire.cut();
  await expect(chat.reconnecting).toBeVisible();
  await chat.page.waitForTimeout(5_000);
  await wire.mend();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  await expect(chat.send).toBeVisible();
  await expect(chat.reconnecting).toHaveCount(0);
  expect(provider.chats()).toHaveLength(1);
});

test('a server that was killed and is back has its answer shown as interrupted, without a reload', async ({
  chat,
  startParley,
  startProvider,
  guard,
}) => {
  guard.allow(LOST);
  const provider = await startProvider(SLOW);
  const parley = await startParley(provider.environment('openai'));
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel(MODELS.openai.name);
  await chat.say('Tell me while you can');
  await chat.streaming(120);

  await parley.kill();
  await expect(chat.reconnecting).toBeVisible();
  await parley.launch();
  await chat.ends('interrupted');
  await expect(chat.reconnecting).toHaveCount(0);
  const kept = (await chat.lastText.innerText()).trim();
  expect(kept.length).toBeGreaterThan(60);
  expect(ANSWER.startsWith(kept), kept).toBe(true);
  expect(provider.chats()).toHaveLength(1);

  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
  await chat.sayAndWait('And once more');
  expect(provider.chats()).toHaveLength(3);
});

for (const theme of ['dark', 'light'] as const) {
  test(`that it reconnects moves nothing and can be read, ${theme}`, async ({ chat, page, startParley, guard }) => {
    guard.allow(LOST);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    const parley = await startParley({ PARLEY_REHEARSAL_DELAY_MS: '150' });
    await page.setViewportSize({ width: 1440, height: 900 });
    await chat.open(`${parley.url}/llm`);
    await chat.setTheme(theme);
    await chat.say('Plan how we track user logins');
    await chat.streaming(200);
    const before = await chat.composer.boundingBox();
    const scroller = page.locator('.scroller');
    const room = await scroller.evaluate(element => element.clientHeight);

    await page.route(/\/(api\/chat\/stream|fn\/session)\b/, route => route.abort());
    await parley.kill();
    await expect(chat.reconnecting).toBeVisible();
    expect(await chat.composer.boundingBox()).toEqual(before);
    expect(await scroller.evaluate(element => element.clientHeight)).toBe(room);
    for (const width of [1440, 768, 360]) {
      await page.setViewportSize({ width, height: 900 });
      await expect(chat.reconnecting).toBeInViewport({ ratio: 1 });
      await page.screenshot({ path: `screenshots/reconnecting-${theme}-${width}.png`, animations: 'disabled' });
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 160)).join(' | ')}`);
      expect.soft(found, `accessibility at ${width}`).toEqual([]);
    }
  });
}
