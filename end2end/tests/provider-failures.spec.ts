// What each provider may do wrong: who asked is told why in plain words, keeps what was said, and may ask again.
import { expect } from '../fixtures.ts';
import { DIALECTS } from '../support/dialects.ts';
import { ANSWER, KEY, MODELS, USAGE, type ProviderName } from '../support/provider.ts';
import { test } from '../support/providers.ts';
import { retry, say } from '../support/turn.ts';

/** Slow enough that what was said before is there before the cut. */
const CUT = { latency: 10, truncateAfterChunks: 6 };
const COUNTS = { prompt: 10, cached: 0, completion: 5 };

for (const provider of Object.keys(DIALECTS) as ProviderName[]) {
  const { called, tooLong } = DIALECTS[provider];
  const { id: model, name } = MODELS[provider];
  const inside = called.replace('The ', 'the ');

  test(`${provider}: a refusal that quotes the key is told without it`, async ({ mocked: { provider: mock, parley, api } }) => {
    const message = `Open the door of ${provider}`;
    // Ollama is sent none, but may stand before somebody who is.
    const key = provider === 'ollama' ? 'sk-of-somebody-else' : KEY;
    mock.on(message, {}, { error: { message: `The key ${key} is not known.`, type: 'authentication_error' }, status: 401 });
    const { session, events, answer } = await say(api, model, message);
    expect(answer).toMatchObject({ status: 'error', content: '' });
    expect(answer.metadata.error!.message).toBe(`${called} answered 401 Unauthorized: The key [key] is not known.`);
    expect(mock.asked(message).map(({ status }) => status), 'it is not asked again').toEqual([401]);
    const page = await (await api.call('GET', `/llm/${session}`)).text();
    expect(page).toContain('The key [key] is not known.');
    for (const [place, text] of Object.entries({ stream: JSON.stringify(events), answer: JSON.stringify(answer), page, log: parley.log })) {
      expect(text.includes(key), `the key is in the ${place}`).toBe(false);
    }
  });

  test(`${provider}: one that is busy is asked once more, when it wishes`, async ({ mocked: { provider: mock, api } }) => {
    const message = `Queue up at ${provider}`;
    let times = 0;
    const busy = { error: { message: 'Too many requests' }, status: 429, retryAfter: 1 };
    mock.on(message, {}, () => (times++ === 0 ? busy : { content: 'Your turn.', usage: USAGE }));
    const { events, answer } = await say(api, model, message);
    expect(answer).toMatchObject({ status: 'complete', content: 'Your turn.' });
    expect(mock.asked(message).map(({ status }) => status)).toEqual([429, 200]);
    expect(events.map(({ detail }) => detail)).toContain(`${called} is busy; it is asked again in 1.0 s`);
    if (provider !== 'ollama') expect(answer.usage, 'a refusal takes no tokens').toEqual(USAGE);
  });

  test(`${provider}: one that is down is given up in the end`, async ({ spoken: { speaker, api } }) => {
    const message = `Knock at ${provider}`;
    // At once, so that the test need not wait.
    speaker.on(message, dialect => ({ status: 500, headers: { 'retry-after': '0' }, body: dialect.refusal('The cellar is flooded.') }));
    const { answer } = await say(api, model, message);
    expect(answer).toMatchObject({ status: 'error', content: '' });
    expect(answer.metadata.error!.message).toBe(`${called} answered 500 Internal Server Error: The cellar is flooded.`);
    expect(speaker.asked(message)).toHaveLength(4);
  });

  test(`${provider}: a failure amid the answer keeps what was said, and the next try may do better`, async ({ spoken: { speaker, api } }) => {
    const message = `Speak up, ${provider}`;
    speaker.on(message, (dialect, time) => [
      dialect.begin(COUNTS), dialect.text('Half of'), dialect.text(' it'),
      time === 1 ? dialect.failure('The lights went out.') : dialect.text(', and the rest.') + dialect.end(COUNTS),
    ]);
    const failed = await say(api, model, message);
    expect(failed.answer).toMatchObject({ status: 'error', content: 'Half of it' });
    expect(failed.answer.metadata.error!.message).toBe(`${called} reported: The lights went out.`);
    expect(speaker.asked(message), 'words that were read cannot be unsaid').toHaveLength(1);
    const { answer } = await retry(api, failed);
    expect(answer).toMatchObject({ status: 'complete', content: 'Half of it, and the rest.' });
  });

  test(`${provider}: a connection that is cut keeps what was said`, async ({ mocked: { provider: mock, api } }) => {
    const message = `Mind the cable of ${provider}`;
    mock.on(message, {}, { content: ANSWER }, CUT);
    const { answer } = await say(api, model, message);
    expect(answer.status).toBe('error');
    expect(answer.content.length).toBeGreaterThan(5);
    expect(ANSWER.startsWith(answer.content), answer.content).toBe(true);
    expect(answer.metadata.error!.message).toBe(`The connection to ${inside} broke off.`);
    expect(mock.asked(message)).toHaveLength(1);
  });

  test(`${provider}: what is no answer is not taken for one`, async ({ spoken: { speaker, api } }) => {
    const message = `Mumble, ${provider}`;
    speaker.on(message, dialect => [dialect.begin(COUNTS), dialect.text('Clear so far'), dialect.garbage]);
    const { answer } = await say(api, model, message);
    expect(answer).toMatchObject({ status: 'error', content: 'Clear so far' });
    expect(answer.metadata.error!.message).toBe(`${called} sent something that is not an answer.`);
    expect(speaker.asked(message)).toHaveLength(1);
  });

  test(`${provider}: a conversation that is too long for the model is said to be`, async ({ mocked: { provider: mock, api } }) => {
    const message = `Read all of ${provider}`;
    mock.on(message, {}, { error: { message: tooLong }, status: 400 });
    const { answer } = await say(api, model, message);
    expect(answer).toMatchObject({ status: 'error', content: '' });
    expect(answer.metadata.error!.message).toContain(
      `The conversation is longer than ${name} can read. Start a new one, or pick a model with a larger context window. ${called}`,
    );
    expect(mock.asked(message)).toHaveLength(1);
  });
}

test('in the page the partial answer, the reason and Retry are there', async ({ chat, startParley, startProvider }) => {
  const mock = await startProvider(0);
  const parley = await startParley(mock.environment('anthropic'));
  const message = 'Mind the cable';
  mock.on(message, {}, { content: ANSWER }, CUT);
  await chat.open(`${parley.url}/llm`);
  await chat.say(message);
  await chat.ends('error');
  await expect(chat.lastText).toContainText('Sentence 1');
  await expect(chat.lastAnswer).toContainText('The connection to the server at ANTHROPIC_BASE_URL broke off.');
  mock.on(message, {}, { content: ANSWER });
  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(ANSWER);
});
