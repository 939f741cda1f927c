// A provider whose model delegates: each agent, told apart by its system prompt, hands the task on to the one below.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Listener, json } from './listener.ts';
import type { Environment } from './parley.ts';

interface Message {
  role: string;
  content: string | null;
}

/** Who hands on to whom. The last does the work. */
const BELOW: Record<string, string> = { Architect: 'dir-code', 'Dir-Code': 'mgr-code-01', 'Mgr-Code-01': 'programmer-gpt-001' };
/** What each request takes: at $2 and $8 a million tokens 2,800 micro-dollars. */
const USAGE = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

export class Hierarchy {
  /** Requests that are being answered. */
  open = 0;
  /** Who was asked, in that order. */
  readonly asked: string[] = [];
  private letGo = () => {};
  private held: Promise<void> | undefined;
  private listener!: Listener;

  static async start(): Promise<Hierarchy> {
    const hierarchy = new Hierarchy();
    hierarchy.listener = await Listener.start((request, body, response) => hierarchy.handle(request, body, response));
    return hierarchy;
  }

  get environment(): Environment {
    return { OPENAI_API_KEY: 'not-a-key', OPENAI_BASE_URL: `${this.listener.url}/v1` };
  }

  /** The last one in the row says a word and then nothing, until it is released. */
  hold(): void {
    this.held = new Promise(resolve => (this.letGo = resolve));
  }

  release(): void {
    this.letGo();
    this.held = undefined;
  }

  async stop(): Promise<void> {
    await this.listener.stop();
  }

  private async handle(request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith('/models')) return json(response, 200, { data: [{ id: 'gpt-4.1' }] });
    const messages = (JSON.parse(body) as { messages: Message[] }).messages;
    const agent = /\n\nYou are ([^,]+),/.exec(messages[0]?.content ?? '')?.[1] ?? 'nobody';
    this.asked.push(agent);
    this.open += 1;
    response.once('close', () => (this.open -= 1));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (data: unknown) => response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    const say = (delta: object, finish_reason: string | null = null) => send({ choices: [{ index: 0, delta, finish_reason }] });

    const results = messages.filter(message => message.role === 'tool');
    const sentBack = results.at(-1)?.content?.startsWith('Not carried out') ?? false;
    const below = BELOW[agent];
    if (below && (results.length === 0 || sentBack)) {
      const note = /Their note: (.*)/.exec(results.at(-1)?.content ?? '')?.[1];
      say({ content: note ? `Changed plan of ${agent}: ${note}.` : `Plan of ${agent}: hand it on.` });
      const call = { name: 'delegate', arguments: JSON.stringify({ agent_id: below, task: `Part of ${agent}` }) };
      say({ tool_calls: [{ index: 0, id: `call-${results.length}`, type: 'function', function: call }] });
      say({}, 'tool_calls');
    } else {
      say({ content: `Done by ${agent}.` });
      if (!below) await this.held;
      say({}, 'stop');
    }
    send({ choices: [], usage: USAGE });
    send('[DONE]');
    response.end();
  }
}
