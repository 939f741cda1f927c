// Each provider's own protocol: from its stream into the page, tools that are called, tokens that are counted.
import { expect } from '../fixtures.ts';
import { Api } from '../support/chat.ts';
import { DIALECTS } from '../support/dialects.ts';
import { ANSWER, MODELS, USAGE, type ProviderName } from '../support/provider.ts';
import { test } from '../support/providers.ts';
import { micro, say, type Message } from '../support/turn.ts';

const NAMES = Object.keys(DIALECTS) as ProviderName[];

/** Micro-dollars by models.toml: 10 dollars a million in, 1 cached, 100 out; Ollama's costs nothing. */
function price(name: ProviderName, prompt: number, completion: number, cached = 0): number {
  return name === 'ollama' ? 0 : (prompt - cached) * 10 + cached + completion * 100;
}

for (const provider of NAMES) {
  test(`${provider}: the answer streams into the page`, async ({ chat, context, startParley, startProvider }) => {
    // Slow enough that a busy machine, too, has time to paint between the pieces.
    const mock = await startProvider(90);
    const parley = await startParley(mock.environment(provider));
    await chat.open(`${parley.url}/llm`);
    await chat.chooseModel(MODELS[provider].name);
    const growth = await chat.recordGrowth();

    await chat.say('Tell me everything');
    await chat.ends('complete');

    await expect(chat.lastText).toHaveText(ANSWER);
    const lengths = await growth();
    expect(lengths.length, `lengths of the text: ${lengths}`).toBeGreaterThan(10);
    expect(mock.chats()).toHaveLength(1);
    expect(mock.chats()[0]).toMatch(DIALECTS[provider].path);
    await expect(chat.lastAnswer).toContainText(MODELS[provider].name);

    // The mock's Ollama counts no tokens.
    if (provider === 'ollama') return;
    const id = await chat.conversationOpened();
    const api = await Api.of(context, parley.url);
    const { messages } = await api.get<{ messages: Message[] }>(`/api/chat/sessions/${id}`);
    const answer = messages.at(-1)!;
    expect(answer.usage).toMatchObject(USAGE);
    expect(answer.usage!.estimated ?? false).toBe(false);
    expect(micro(answer.cost_usd)).toBe(price(provider, USAGE.prompt_tokens, USAGE.completion_tokens));
    await expect(chat.lastAnswer.locator('.sum')).toContainText('1,545');
    await expect(chat.lastAnswer.locator('.sum')).toContainText('$0.04');
    await expect(chat.page.locator('.gauge')).toContainText('1,545');
  });

  test(`${provider}: a task is handed on by a call, done, and put together`, async ({ mocked: { provider: mock, api } }) => {
    const message = `Build the ${provider} tower`;
    const part = `Lay the ${provider} stones`;
    const usage = (prompt_tokens: number, completion_tokens: number) => ({ usage: { prompt_tokens, completion_tokens } });
    const call = { name: 'delegate', arguments: JSON.stringify({ agent_id: 'dir-code', task: part }) };
    mock.on(message, { hasToolResult: false }, { content: 'Others lay the stones.', toolCalls: [call], ...usage(1_003, 107) });
    mock.on(message, { hasToolResult: true }, { content: 'The tower stands.', ...usage(2_011, 211) });
    mock.on(part, {}, { content: 'They lie.', ...usage(307, 31) });

    const { answer } = await say(api, MODELS[provider].id, message);
    expect(answer).toMatchObject({ status: 'complete', content: 'Others lay the stones.\n\nThe tower stands.' });
    const [root, child, ...others] = answer.metadata.tasks!;
    expect(others).toEqual([]);
    expect(root).toMatchObject({ status: 'complete' });
    expect(child).toMatchObject({ status: 'complete', parent_task_id: root!.task_id, agent_id: 'dir-code', output: 'They lie.' });

    // What the mock was sent, as it understood it.
    const [first, second, ...more] = mock.asked(message).map(({ request }) => request);
    expect(more).toEqual([]);
    expect(first!.tools!.map(tool => tool.function.name)).toEqual(['delegate']);
    const [question, called, result] = second!.messages.slice(-3);
    expect(question).toMatchObject({ role: 'user', content: message });
    expect(called).toMatchObject({ role: 'assistant', content: 'Others lay the stones.' });
    expect(called!.tool_calls).toHaveLength(1);
    expect(called!.tool_calls![0]!.function.name).toBe('delegate');
    expect(JSON.parse(called!.tool_calls![0]!.function.arguments)).toEqual({ agent_id: 'dir-code', task: part });
    expect(result!.role).toBe('tool');
    expect(result!.content).toContain('They lie.');
    // Ollama's calls have no ids.
    if (provider !== 'ollama') expect(result!.tool_call_id).toBe(called!.tool_calls![0]!.id);
    const [below, ...none] = mock.asked(part).map(({ request }) => request);
    expect(none).toEqual([]);
    expect(below!.messages.at(-1)!.role).toBe('user');
    expect(below!.messages.at(-1)!.content).toContain(part);
    expect(below!.tools!.map(tool => tool.function.name)).toEqual(['delegate', 'ask_parent', 'report']);

    // The mock's Ollama counts no tokens.
    if (provider === 'ollama') return;
    expect(root!.usage).toEqual({ prompt_tokens: 3_014, completion_tokens: 318, total_tokens: 3_332 });
    expect(child!.usage).toEqual({ prompt_tokens: 307, completion_tokens: 31, total_tokens: 338 });
    expect(answer.usage).toEqual({ prompt_tokens: 3_321, completion_tokens: 349, total_tokens: 3_670 });
    expect(micro(root!.cost_usd)).toBe(price(provider, 3_014, 318));
    expect(micro(child!.cost_usd)).toBe(price(provider, 307, 31));
    expect(micro(answer.cost_usd)).toBe(price(provider, 3_321, 349));
  });

  test(`${provider}: what may be called is offered in its own form`, async ({ spoken: { speaker, api } }) => {
    const message = `Look around, ${provider}`;
    const counts = { prompt: 1, cached: 0, completion: 1 };
    speaker.on(message, dialect => [dialect.begin(counts), dialect.text('Seen.'), dialect.end(counts)]);
    await say(api, MODELS[provider].id, message);
    const offered = DIALECTS[provider].offered(speaker.asked(message)[0]!);
    expect(Object.keys(offered)).toEqual(['delegate']);
    expect(offered.delegate).toMatchObject({ type: 'object', required: ['agent_id', 'task'], properties: { task: { type: 'string' } } });
    expect(offered.delegate!.properties.agent_id.enum).toContain('dir-code');
  });

  test(`${provider}: tokens that were cached are counted once, at their own price`, async ({ spoken: { speaker, api } }) => {
    const message = `Count for ${provider}`;
    const counts = { prompt: 1_200, cached: 1_000, completion: 345 };
    speaker.on(message, dialect => [dialect.begin(counts), dialect.text('Well'), dialect.text(' counted.'), dialect.end(counts)]);
    const { answer } = await say(api, MODELS[provider].id, message);
    expect(answer).toMatchObject({ status: 'complete', content: 'Well counted.' });
    expect(answer.usage).toEqual({ prompt_tokens: 1_200, completion_tokens: 345, total_tokens: 1_545 });
    expect(micro(answer.cost_usd)).toBe(price(provider, 1_200, 345, 1_000));
  });
}
