// A provider of a few lines, for what aimock does not play: failures amid a stream, garbage, counts of cached tokens, a
// wish to be asked again at once. It speaks all four dialects (dialects.ts).
import type { ServerResponse } from 'node:http';
import { DIALECTS, type Dialect } from './dialects.ts';
import { Listener, json } from './listener.ts';
import type { Environment } from './parley.ts';
import { MODELS, environmentOf } from './provider.ts';

type Json = Record<string, any>;

/** What is written to one request: the pieces of a stream, or a refusal. */
export type Reply = string[] | { status: number; headers?: Record<string, string>; body: unknown };
/** Called for each request whose conversation holds the message; `time` counts them from 1. */
export type Script = (dialect: Dialect, time: number) => Reply;

export class Speaker {
  private readonly scripts = new Map<string, { script: Script; requests: Json[] }>();
  private listener!: Listener;

  static async start(): Promise<Speaker> {
    const speaker = new Speaker();
    speaker.listener = await Listener.start(({ url }, body, response) => speaker.answer(url!.replace(/\?.*/, ''), body, response));
    return speaker;
  }

  get environment(): Environment {
    return environmentOf(this.listener.url);
  }

  /** What is said to that message, which no other test sends. */
  on(message: string, script: Script): void {
    this.scripts.set(message, { script, requests: [] });
  }

  /** What it was sent to answer that message, word for word, oldest first. */
  asked(message: string): Json[] {
    return this.scripts.get(message)!.requests;
  }

  async stop(): Promise<void> {
    await this.listener.stop();
  }

  private answer(path: string, body: string, response: ServerResponse): void {
    const dialect = Object.values(DIALECTS).find(dialect => dialect.path.test(path));
    const [, scripted] = [...this.scripts].find(([message]) => body.includes(message)) ?? [];
    if (!dialect || !scripted) return json(response, path in LISTS ? 200 : 404, LISTS[path] ?? {});
    const reply = scripted.script(dialect, scripted.requests.push(JSON.parse(body) as Json));
    if (!Array.isArray(reply)) return json(response, reply.status, reply.body, reply.headers);
    response.writeHead(200, { 'content-type': dialect.type });
    for (const piece of reply) response.write(piece);
    response.end();
  }
}

/** What there is to be asked, as an OpenAI-compatible server and as Ollama tell it. */
const LISTS: Record<string, unknown> = {
  '/v1/models': { data: Object.values(MODELS).map(({ id }) => ({ id })) },
  '/api/tags': { models: Object.values(MODELS).map(({ id }) => ({ name: id })) },
  '/api/show': { capabilities: ['completion', 'tools'] },
};
