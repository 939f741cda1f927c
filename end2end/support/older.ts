// An older Gateway: `POST /chat/stream`, whose response is the answer, and `GET /services`. It knows no other route.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { read, reply, type Step } from './gateway.ts';
import type { Environment } from './parley.ts';

/** The body of `POST /chat/stream`. */
export interface Ask {
  session_id: string;
  message_id: string;
  agent_id: string;
  model: string | null;
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[];
}

/** Nothing is added to the steps: an answer that lacks `done` is one that breaks off. */
export type OlderAnswer = Iterable<Step | { type: 'error'; message: string }>;

const SERVICES = [
  { service_id: 'svc-programmer', name: 'Prog-Rust', type: 'agent', labels: { tier: 'programmer', port: 6310 }, status: 'healthy' },
  { service_id: 'svc-manager', name: 'Mgr-Code-01', type: 'agent', labels: { tier: '4', icon: 'M', port: 6210 }, status: 'running' },
  { service_id: 'svc-docs', name: 'Dir-Docs', type: 'agent', labels: { tier: 'tier-3', port: 6121 }, status: 'degraded' },
  { service_id: 'svc-code', name: 'Dir-Code', type: 'agent', labels: { tier: 3, icon: 'C', port: 6120 }, status: 'healthy' },
  { service_id: 'svc-architect', name: 'Architect', type: 'agent', labels: { tier: 2, icon: 'A', port: 6110 }, status: 'healthy' },
  { service_id: 'svc-database', name: 'Database', type: 'database', labels: { port: 5432 }, status: 'healthy' },
];

export class Older {
  /** The answers that were asked for, oldest first. */
  readonly asked: Ask[] = [];
  /** How many connections went before their answer had ended. */
  abandoned = 0;

  private constructor(
    private readonly server: Server,
    private readonly answer: (ask: Ask) => OlderAnswer,
  ) {
    server.on('request', (request, response) => {
      this.handle(request, response).catch(error => {
        console.error('the older Gateway failed:', error);
        response.destroy();
      });
    });
  }

  static async start(answer: (ask: Ask) => OlderAnswer): Promise<Older> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Older(server, answer);
  }

  /** What makes a Parley ask this one. */
  get environment(): Environment {
    return {
      GATEWAY_URL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      GATEWAY_PROTOCOL: 'post-stream',
      PARLEY_MODELS: join(import.meta.dirname, '../models.toml'),
    };
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    switch (`${request.method} ${request.url}`) {
      case 'GET /services':
        return reply(response, 200, { items: SERVICES });
      case 'POST /chat/stream':
        return this.write(JSON.parse(body) as Ask, response);
      default:
        return reply(response, 404, { detail: 'Not Found' });
    }
  }

  private async write(ask: Ask, response: ServerResponse): Promise<void> {
    this.asked.push(ask);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
      gone.abort();
    });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const left = new Promise<void>(resolve => gone.signal.addEventListener('abort', () => resolve(), { once: true }));
    for (const step of this.answer(ask)) {
      if (gone.signal.aborted) return;
      if ('type' in step) response.write(`data: ${JSON.stringify(step)}\n\n`);
      else if ('pause' in step) await pause(step.pause, undefined, { signal: gone.signal }).catch(() => undefined);
      else await Promise.race([step.hold, left]);
    }
    response.end();
  }
}
