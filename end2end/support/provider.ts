// A provider that answers as the real ones do, from this machine: aimock.
import {
  LLMock, isChatCompletionBody,
  type ChatCompletionRequest, type Fixture, type FixtureMatch, type FixtureOpts,
} from '@copilotkit/aimock';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Environment } from './parley.ts';

export type ProviderName = 'openai' | 'anthropic' | 'gemini' | 'ollama';

/** The models of models.toml, one for each provider. */
export const MODELS: Record<ProviderName, { id: string; name: string }> = {
  openai: { id: 'gpt-4o', name: 'Mock GPT' },
  anthropic: { id: 'claude-3-5-sonnet-20241022', name: 'Mock Claude' },
  gemini: { id: 'gemini-2.0-flash', name: 'Mock Gemini' },
  ollama: { id: 'mock-llama', name: 'Mock Llama' },
};

/** Plain words: Markdown would not reach the page letter by letter. */
export const ANSWER = Array.from({ length: 12 }, (_, n) => `Sentence ${n + 1} of the answer says one thing more.`).join(' ');
/** What Parley proves itself with to all of them. */
export const KEY = 'not-a-key-0123456789';
export const USAGE = { prompt_tokens: 1200, completion_tokens: 345, total_tokens: 1545 };

const CHAT_PATHS = /\/chat\/completions|\/v1\/responses|\/v1\/messages|:streamGenerateContent|:generateContent|\/api\/chat$/;

export class Provider {
  private constructor(private readonly mock: LLMock) {}

  /** `latency`: milliseconds between pieces of ten characters; `silence`: before the first of them. */
  static async start(latency: number, silence = 0): Promise<Provider> {
    const mock = new LLMock({ host: '127.0.0.1', port: 0, latency, chunkSize: 10 });
    for (const { id } of Object.values(MODELS)) {
      mock.on({ model: id }, async () => {
        await pause(silence);
        return { content: ANSWER, usage: USAGE };
      });
    }
    await mock.start();
    return new Provider(mock);
  }

  /** What makes a Parley ask this one, and nobody else; without a name in all four dialects. */
  environment(name?: ProviderName): Environment {
    return environmentOf(this.mock.url, name);
  }

  /** What is said to requests that hold the message, which no other test sends. What was told last is looked at first. */
  on(message: string, match: FixtureMatch, response: Fixture['response'], options: FixtureOpts = {}): void {
    const predicate = (request: ChatCompletionRequest) => textOf(request).includes(message);
    this.mock.prependFixture({ match: { ...match, predicate }, response, ...options });
  }

  /** The requests that hold the message, as the mock understood them, oldest first, and how each was answered. */
  asked(message: string): { request: ChatCompletionRequest; status: number }[] {
    return this.mock.getRequests().flatMap(({ body, response }) => {
      const request = isChatCompletionBody(body) && textOf(body).includes(message) ? body : undefined;
      return request ? [{ request, status: response.status }] : [];
    });
  }

  /** The paths of the answers that were asked for, oldest first. */
  chats(): string[] {
    return this.mock
      .getRequests()
      .map(request => new URL(request.path, this.mock.url).pathname)
      .filter(path => CHAT_PATHS.test(path));
  }

  async stop(): Promise<void> {
    await this.mock.stop();
  }
}

/** What makes a Parley ask the provider at that address, and nobody else; without a name in all four dialects. */
export function environmentOf(url: string, name?: ProviderName): Environment {
  const own: Record<ProviderName, Environment> = {
    openai: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${url}/v1` },
    anthropic: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url },
    gemini: { GEMINI_API_KEY: KEY, GEMINI_BASE_URL: url },
    ollama: { OLLAMA_HOST: url },
  };
  const chosen = name ? own[name] : Object.assign({}, ...Object.values(own));
  return { ...chosen, PARLEY_MODELS: join(import.meta.dirname, '../models.toml') };
}

/** All that the messages of a request say. */
function textOf({ messages }: ChatCompletionRequest): string {
  return messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content))).join('\n');
}
