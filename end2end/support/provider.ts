// A provider that answers as the real ones do, from this machine: aimock.
import { LLMock } from '@copilotkit/aimock';
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

  /** What makes a Parley ask this one, and nobody else. */
  environment(name: ProviderName): Environment {
    const url = this.mock.url;
    const own: Record<ProviderName, Environment> = {
      openai: { OPENAI_API_KEY: 'not-a-key', OPENAI_BASE_URL: `${url}/v1` },
      anthropic: { ANTHROPIC_API_KEY: 'not-a-key', ANTHROPIC_BASE_URL: url },
      gemini: { GEMINI_API_KEY: 'not-a-key', GEMINI_BASE_URL: url },
      ollama: { OLLAMA_HOST: url },
    };
    return { ...own[name], PARLEY_MODELS: join(import.meta.dirname, '../models.toml') };
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
