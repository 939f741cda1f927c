// A provider whose model delegates: each agent, told apart by its system prompt, hands the task on to the one below.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
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

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.handle(request, response));
  }

  static async start(): Promise<Hierarchy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Hierarchy(server);
  }

  get environment(): Environment {
    return { OPENAI_API_KEY: 'not-a-key', OPENAI_BASE_URL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1` };
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
    this.server.close();
    this.server.closeAllConnections();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    if (request.url?.endsWith('/models')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ data: [{ id: 'gpt-4.1' }] }));
      return;
    }
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
