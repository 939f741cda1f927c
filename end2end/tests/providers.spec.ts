// Each provider's own protocol, from its stream into the page.
import { expect, test } from '../fixtures.ts';
import { Api } from '../support/chat.ts';
import { ANSWER, MODELS, USAGE, type ProviderName } from '../support/provider.ts';

interface Session {
  messages: {
    message_type: string;
    usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number; estimated?: boolean } | null;
    cost_usd: number | null;
  }[];
}

/** models.toml: 10 dollars a million in, 100 out. */
const COST = (USAGE.prompt_tokens * 10 + USAGE.completion_tokens * 100) / 1_000_000;

const PATHS: Record<ProviderName, RegExp> = {
  openai: /^\/v1\/(chat\/completions|responses)$/,
  anthropic: /^\/v1\/messages$/,
  gemini: /^\/v1beta\/models\/.*:streamGenerateContent$/,
  ollama: /^(\/api\/chat|\/v1\/chat\/completions)$/,
};

for (const provider of Object.keys(PATHS) as ProviderName[]) {
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
    expect(mock.chats()[0]).toMatch(PATHS[provider]);
    await expect(chat.lastAnswer).toContainText(MODELS[provider].name);

    // The mock's Ollama counts no tokens.
    if (provider === 'ollama') return;
    const id = await chat.conversationOpened();
    const api = await Api.of(context, parley.url);
    const session = await api.get<Session>(`/api/chat/sessions/${id}`);
    const answer = session.messages.find(message => message.message_type === 'assistant');
    expect(answer?.usage).toMatchObject(USAGE);
    expect(answer?.usage?.estimated ?? false).toBe(false);
    expect(answer?.cost_usd).toBeCloseTo(COST, 6);
    await expect(chat.lastAnswer.locator('.sum')).toContainText('1,545');
    await expect(chat.lastAnswer.locator('.sum')).toContainText('$0.04');
    await expect(chat.page.locator('.gauge')).toContainText('1,545');
  });
}
