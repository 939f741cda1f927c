// How each provider writes: answers, failures, counts. For the few lines of a provider of our own (speaker.ts).
import type { ProviderName } from './provider.ts';

type Json = Record<string, any>;

export interface Counts {
  /** All that was read, the cached ones among them. */
  prompt: number;
  cached: number;
  completion: number;
}

export interface Dialect {
  /** What people are told that it is called. */
  called: string;
  /** Where an answer is asked for. */
  path: RegExp;
  type: string;
  begin: (counts: Counts) => string;
  text: (text: string) => string;
  end: (counts: Counts) => string;
  /** A failure when the answer has begun. */
  failure: (reason: string) => string;
  /** What is no answer. */
  garbage: string;
  /** The body of a refusal. */
  refusal: (reason: string) => unknown;
  /** The tools that a request offers, by name with the schema of their arguments. */
  offered: (request: Json) => Record<string, Json>;
  /** What it says where the conversation is longer than the model can read. */
  tooLong: string;
}

const data = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`;
const event = (type: string, more: object = {}) => `event: ${type}\n${data({ type, ...more })}`;
const line = (json: unknown) => `${JSON.stringify(json)}\n`;

export const DIALECTS: Record<ProviderName, Dialect> = {
  openai: {
    called: 'The server at OPENAI_BASE_URL',
    path: /^\/v1\/(chat\/completions|responses)$/,
    type: 'text/event-stream',
    begin: () => data({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }),
    text: content => data({ choices: [{ index: 0, delta: { content } }] }),
    end: ({ prompt, cached, completion }) =>
      data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
      data({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, prompt_tokens_details: { cached_tokens: cached } } }) +
      'data: [DONE]\n\n',
    failure: message => data({ error: { message, type: 'server_error' } }),
    garbage: 'data: {"choices": [{"index": 0, "delta"\n\n',
    refusal: message => ({ error: { message, type: 'invalid_request_error', code: null } }),
    offered: byFunction,
    tooLong: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  },
  anthropic: {
    called: 'The server at ANTHROPIC_BASE_URL',
    path: /^\/v1\/messages$/,
    type: 'text/event-stream',
    begin: counts =>
      event('message_start', { message: { type: 'message', role: 'assistant', content: [], usage: anthropic(counts, 1) } }) +
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
      event('ping'),
    text: text => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    end: counts =>
      event('content_block_stop', { index: 0 }) +
      // The whole counts once more: what is added up would be counted twice.
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: anthropic(counts, counts.completion) }) +
      event('message_stop'),
    failure: message => event('error', { error: { type: 'overloaded_error', message } }),
    garbage: 'event: content_block_delta\ndata: {"type": "content_block_delta", "delta"\n\n',
    refusal: message => ({ type: 'error', error: { type: 'api_error', message } }),
    offered: ({ tools }) => Object.fromEntries(tools.map(({ name, input_schema }: Json) => [name, input_schema])),
    tooLong: 'prompt is too long: 210000 tokens > 200000 maximum',
  },
  gemini: {
    called: 'The server at GEMINI_BASE_URL',
    path: /^\/v1beta\/models\/.*:streamGenerateContent$/,
    type: 'text/event-stream',
    begin: () => '',
    text: text => data({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] } }] }),
    end: ({ prompt, cached, completion }) =>
      data({
        candidates: [{ index: 0, content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: prompt, cachedContentTokenCount: cached, candidatesTokenCount: completion, totalTokenCount: prompt + completion },
      }),
    failure: message => data({ error: { code: 503, message, status: 'UNAVAILABLE' } }),
    garbage: 'data: {"candidates": [{"content"\n\n',
    refusal: message => ({ error: { code: 500, message, status: 'INTERNAL' } }),
    offered: ({ tools: [{ functionDeclarations }] }) =>
      Object.fromEntries(functionDeclarations.map(({ name, parametersJsonSchema }: Json) => [name, parametersJsonSchema])),
    tooLong: 'The input token count (9000) exceeds the maximum number of tokens allowed (8192).',
  },
  ollama: {
    called: 'Ollama',
    path: /^(\/api\/chat|\/v1\/chat\/completions)$/,
    type: 'application/x-ndjson',
    begin: () => '',
    text: content => line({ message: { role: 'assistant', content }, done: false }),
    end: ({ prompt, cached, completion }) =>
      line({ message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: prompt, prompt_eval_cached_count: cached, eval_count: completion }),
    failure: message => line({ error: message }),
    garbage: '{"message": {"role"\n',
    refusal: message => ({ error: message }),
    offered: byFunction,
    tooLong: 'the input length exceeds the context length',
  },
};

/** Anthropic counts what was cached beside what was not. */
function anthropic({ prompt, cached }: Counts, output_tokens: number): object {
  return { input_tokens: prompt - cached, cache_read_input_tokens: cached, cache_creation_input_tokens: 0, output_tokens };
}

function byFunction({ tools }: Json): Record<string, Json> {
  return Object.fromEntries(tools.map(({ function: { name, parameters } }: Json) => [name, parameters]));
}
