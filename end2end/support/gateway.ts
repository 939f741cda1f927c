// A Gateway that says what the test tells it to say, over the real contract (the `turns` protocol).
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fits } from '../conformance/document.ts';
import type { Environment } from './parley.ts';

export interface Agent {
  agent_id: string;
  agent_name: string;
  tier: number;
  role: string;
  parent_id: string | null;
  status?: string;
  icon?: string;
  description?: string;
  default_model?: string;
}

export interface Model {
  model_id: string;
  model_name: string;
  provider: string;
  context_window: number;
  cost_per_1m_input?: number | null;
  cost_per_1m_output?: number | null;
  capabilities?: string[];
  is_active?: boolean;
  status?: string;
  provider_name?: string;
  health?: { state: 'healthy' | 'failing'; at: string; detail?: string };
}

/** The body of `POST /chat`. */
export interface ChatRequest {
  session_id: string;
  message_id: string;
  message: string;
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[];
  agent_id: string;
  parent_role: string | null;
  model: string | null;
  idempotency_key: string;
  /** Where `message` is one: on the plan that is the last assistant message. */
  decision?: { decision: Approval['decision']; note?: string };
}

export interface Approval {
  session_id: string;
  task_id: string;
  decision: 'approve' | 'refine' | 'reject';
  note?: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export type TurnEvent =
  | { type: 'token'; content: string }
  | {
      type: 'status_update';
      status: 'planning' | 'executing' | 'complete' | 'error' | 'awaiting_approval';
      task_id?: string;
      detail?: string;
      agent_id?: string;
      parent_task_id?: string;
      usage?: Usage;
      cost_usd?: number | null;
      output?: string;
    }
  | { type: 'usage'; usage: Usage; cost_usd?: number | null }
  | { type: 'done'; status?: 'complete' | 'error' | 'cancelled' };

/** An event, or a wait before the next: for some milliseconds, or until a promise is kept. */
export type Step = TurnEvent | { pause: number } | { hold: Promise<unknown> };
/** Nothing is added to the steps: an answer that lacks `done` is one that breaks off. */
export type Answer = Iterable<Step> | AsyncIterable<Step>;
/** What `POST /chat` answers where it does not begin an answer. */
export interface Refusal {
  refuse: number;
  /** Left out: an empty body. */
  error?: { code: string; message: string; action: string };
}

export interface Script {
  agents?: Agent[];
  models?: Model[];
  /** Refuses all that the contract refuses. Else it takes whatever Parley sends, and the test judges that. */
  strict?: boolean;
  /** Asked for on every route but `/health`. */
  token?: string;
  /** How long a silent stream waits before it says that it is still there, in milliseconds; left out: 15 seconds. */
  keepAlive?: number;
  /** Called once for each answer that is asked for. */
  answer?: (request: ChatRequest) => Answer | Refusal;
}

const ROOT = 'pas-root';
export const AGENTS: Agent[] = [
  { agent_id: ROOT, agent_name: 'PAS Root', tier: 1, role: 'Root', parent_id: null, icon: 'R' },
  { agent_id: 'architect', agent_name: 'Architect', tier: 2, role: 'Architect', parent_id: ROOT, icon: 'A', description: 'Plans the whole and hands out the parts.' },
  { agent_id: 'dir-code', agent_name: 'Dir-Code', tier: 3, role: 'Director', parent_id: 'architect', icon: 'C', description: 'Directs what is programmed.' },
  { agent_id: 'dir-docs', agent_name: 'Dir-Docs', tier: 3, role: 'Director', parent_id: 'architect', icon: 'D', description: 'Directs what is written about it.' },
  { agent_id: 'mgr-backend', agent_name: 'Mgr-Backend', tier: 4, role: 'Manager', parent_id: 'dir-code', icon: 'B', description: 'Looks after the servers.' },
  { agent_id: 'prog-rust', agent_name: 'Prog-Rust', tier: 5, role: 'Programmer', parent_id: 'mgr-backend', icon: 'P', description: 'Writes Rust.' },
];
export const MODELS: Model[] = [
  { model_id: 'script-large', model_name: 'Script Large', provider: 'script', context_window: 200_000, cost_per_1m_input: 3, cost_per_1m_output: 15, capabilities: ['tools'] },
  { model_id: 'script-small', model_name: 'Script Small', provider: 'script', context_window: 32_000, cost_per_1m_input: 0.25, cost_per_1m_output: 1.25 },
];

export function usage(prompt_tokens: number, completion_tokens: number, cost_usd?: number): TurnEvent {
  return { type: 'usage', usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }, cost_usd };
}

/** The text as an answer that ends well, in pieces of so many characters. */
export function answerOf(text: string, size = Infinity): TurnEvent[] {
  const characters = [...text];
  const tokens: TurnEvent[] = [];
  for (let at = 0; at < characters.length; at += size) {
    tokens.push({ type: 'token', content: characters.slice(at, at + size).join('') });
  }
  return [...tokens, usage(120, 34, 0.0009), { type: 'done' }];
}

/** How long a silent stream waits before it says that it is still there. */
const KEEP_ALIVE_MS = 15_000;

/** An answer that is being given. It belongs to the Gateway: it goes on whether somebody reads it or not. */
class Running {
  /** Serialised once, so that a long answer costs its readers a write or two. */
  private readonly frames: string[] = [];
  private readonly stopped = new AbortController();
  private readonly readers = new Set<() => void>();
  /** The last status of each task. */
  private readonly tasks = new Map<string, string>();
  private ended = false;
  private waking = false;

  constructor(
    private readonly id: string,
    steps: Answer,
    private readonly keepAlive = KEEP_ALIVE_MS,
  ) {
    void this.run(steps);
  }

  get isRunning(): boolean {
    return !this.ended;
  }

  isAwaiting(task: string): boolean {
    return !this.ended && this.tasks.get(task) === 'awaiting_approval';
  }

  stop(): void {
    if (this.ended) return;
    this.stopped.abort();
    this.add({ type: 'done', status: 'cancelled' });
    this.end();
  }

  /** Writes everything after the event with that id, and what is still to come. */
  async read(response: ServerResponse, lastEventId: string | undefined): Promise<void> {
    const [, number] = lastEventId?.startsWith(`${this.id}-`) ? lastEventId.split(/-(?=\d+$)/) : [];
    let next = Number(number ?? 0);
    while (!response.destroyed) {
      if (next < this.frames.length) {
        const piece = this.frames.slice(next).join('');
        next = this.frames.length;
        if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      } else if (this.ended) {
        response.end();
        return;
      } else {
        await this.change(response);
      }
    }
  }

  private async run(steps: Answer): Promise<void> {
    try {
      // Plain lists are gone through without waiting for anything between two events.
      if (Symbol.iterator in steps) {
        for (const step of steps) {
          if ('type' in step) this.add(step);
          else await this.wait(step);
          if (this.ended) return;
        }
      } else {
        for await (const step of steps) {
          if (this.ended) return;
          if ('type' in step) this.add(step);
          else await this.wait(step);
        }
      }
    } catch (error) {
      // A test's own mistake in its script; the reader sees an answer that breaks off, and the log says why.
      if (!this.ended) console.error('the scripted answer failed:', error);
    }
    this.end();
  }

  private async wait(step: { pause: number } | { hold: Promise<unknown> }): Promise<void> {
    const { signal } = this.stopped;
    const stopped = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
    const over = 'pause' in step ? pause(step.pause, undefined, { signal }).catch(() => undefined) : step.hold;
    await Promise.race([over, stopped]);
  }

  private add(event: TurnEvent): void {
    if (this.ended) return;
    if (event.type === 'status_update' && event.task_id) this.tasks.set(event.task_id, event.status);
    this.frames.push(`id: ${this.id}-${this.frames.length + 1}\ndata: ${JSON.stringify(event)}\n\n`);
    this.wake();
  }

  private end(): void {
    this.ended = true;
    this.wake();
  }

  /** Once for all events of one moment. */
  private wake(): void {
    if (this.waking) return;
    this.waking = true;
    setImmediate(() => {
      this.waking = false;
      for (const reader of this.readers) reader();
    });
  }

  private change(response: ServerResponse): Promise<void> {
    return new Promise(resolve => {
      const timer = setInterval(() => response.write(':keep-alive\n\n'), this.keepAlive);
      const wake = () => {
        clearInterval(timer);
        this.readers.delete(wake);
        response.off('close', wake);
        resolve();
      };
      this.readers.add(wake);
      response.once('close', wake);
    });
  }
}

export class Gateway {
  readonly url: string;
  /** The answers that were asked for, oldest first; what only repeats a key is not among them. */
  readonly requests: ChatRequest[] = [];
  /** The sessions whose answer was to be stopped. */
  readonly cancels: string[] = [];
  readonly approvals: Approval[] = [];
  /** The streams that were asked for, each with the id after which it was to begin. */
  readonly streams: { session_id: string; after: string | undefined }[] = [];
  /** As listed from now on; Parley asks again when its own list is some seconds old. */
  agents: Agent[];
  models: Model[];
  private readonly keys = new Set<string>();
  private readonly answers = new Map<string, Running>();
  private deciding: ((approval: Approval) => void)[] = [];

  private constructor(
    private readonly server: Server,
    private readonly script: Script,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.agents = script.agents ?? AGENTS;
    this.models = script.models ?? MODELS;
    server.on('request', (request, response) => {
      this.handle(request, response).catch(error => {
        console.error('the scripted Gateway failed:', error);
        response.destroy();
      });
    });
  }

  static async start(script: Script = {}): Promise<Gateway> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gateway(server, script);
  }

  /** What makes a Parley ask this one. */
  get environment(): Environment {
    return { GATEWAY_URL: this.url };
  }

  /** The next decision that arrives; what holds until it is kept waits for the person. */
  nextApproval(): Promise<Approval> {
    return new Promise(resolve => this.deciding.push(resolve));
  }

  /** Breaks all connections off, as a network would; the answers go on. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    for (const answer of this.answers.values()) answer.stop();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    const body = await read(request);
    const [, , second, third] = path.split('/');
    const { token } = this.script;
    if (token && path !== '/health' && request.headers.authorization !== `Bearer ${token}`) {
      return reply(response, 401, refusal('unauthorized', 'The token is missing or wrong.'));
    }
    switch (`${request.method} ${path.replace(/[0-9a-f-]{36}/, '{id}')}`) {
      case 'GET /health':
        return reply(response, 200, { status: 'ok' });
      case 'GET /agents':
        return reply(response, 200, { agents: this.agents });
      case 'GET /models':
        return reply(response, 200, { models: this.models });
      case 'POST /chat': {
        const fault = this.script.strict ? this.faultOf(body) : undefined;
        if (fault) return reply(response, fault.status, refusal(fault.code, fault.message));
        return this.begin(JSON.parse(body) as ChatRequest, response);
      }
      case 'GET /chat/stream/{id}': {
        const after = request.headers['last-event-id'] as string | undefined;
        this.streams.push({ session_id: third!, after });
        const answer = this.answers.get(third!);
        if (!answer) return reply(response, 404, refusal('session_not_found', 'Nothing was asked in this session.'));
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' });
        response.flushHeaders();
        return answer.read(response, after);
      }
      case 'POST /chat/{id}/cancel': {
        this.cancels.push(second!);
        const answer = this.answers.get(second!);
        if (!answer) return reply(response, 404, refusal('session_not_found', 'Nothing was asked in this session.'));
        if (!answer.isRunning) return reply(response, 409, refusal('nothing_running', 'Nothing runs in this session.'));
        answer.stop();
        return reply(response, 200, { status: 'cancelled' });
      }
      case 'POST /chat/{id}/approval': {
        const answer = this.answers.get(second!);
        if (!answer) return reply(response, 404, refusal('session_not_found', 'Nothing was asked in this session.'));
        if (this.script.strict && !answer.isAwaiting((JSON.parse(body) as Approval).task_id)) {
          return reply(response, 409, refusal('nothing_awaits_approval', 'That task does not wait.'));
        }
        const approval = { session_id: second!, ...(JSON.parse(body) as Omit<Approval, 'session_id'>) };
        this.approvals.push(approval);
        for (const decide of this.deciding.splice(0)) decide(approval);
        return reply(response, 200, { status: 'accepted' });
      }
      default:
        return reply(response, 404, refusal('not_found', `The contract has no ${request.method} ${path}.`));
    }
  }

  /** What the contract says is wrong with a request for an answer. */
  private faultOf(body: string): { status: number; code: string; message: string } | undefined {
    let chat: ChatRequest;
    try {
      chat = JSON.parse(body) as ChatRequest;
    } catch {
      return { status: 400, code: 'malformed_json', message: 'The body is not JSON.' };
    }
    try {
      fits('ChatRequest', chat);
    } catch (error) {
      return { status: 422, code: 'invalid_body', message: String(error) };
    }
    const { session_id, agent_id, model, idempotency_key } = chat;
    if (!this.agents.some(agent => agent.agent_id === agent_id)) {
      return { status: 422, code: 'agent_not_found', message: 'There is no such agent.' };
    }
    if (model && !this.models.some(known => known.model_id === model)) {
      return { status: 422, code: 'model_not_found', message: 'There is no such model.' };
    }
    if (!this.keys.has(idempotency_key) && this.answers.get(session_id)?.isRunning) {
      return { status: 409, code: 'turn_in_progress', message: 'An answer is being written.' };
    }
    return undefined;
  }

  private begin(chat: ChatRequest, response: ServerResponse): void {
    const accepted = { message_id: chat.message_id, status: 'processing' };
    if (this.keys.has(chat.idempotency_key)) return reply(response, 202, accepted);
    this.requests.push(chat);
    const answer = this.script.answer?.(chat) ?? answerOf(`You said: ${chat.message}`);
    if ('refuse' in answer) return reply(response, answer.refuse, answer.error && { error: answer.error });
    this.keys.add(chat.idempotency_key);
    this.answers.get(chat.session_id)?.stop();
    this.answers.set(chat.session_id, new Running(chat.message_id, answer, this.script.keepAlive));
    reply(response, 202, accepted);
  }
}

function refusal(code: string, message: string): unknown {
  return { error: { code, message, action: 'Look at the test.' } };
}

export function reply(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

export async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
