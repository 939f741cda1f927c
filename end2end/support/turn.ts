// A turn, as a program without a page goes through it.
import { eventsOf } from '../conformance/sse.ts';
import type { Api } from './chat.ts';

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  estimated?: boolean;
}

export interface Task {
  task_id: string;
  parent_task_id?: string;
  agent_id?: string;
  status: string;
  output?: string;
  usage?: Usage;
  cost_usd?: number | null;
}

export interface Message {
  message_id: string;
  message_type: string;
  content: string;
  status: string;
  usage: Usage | null;
  cost_usd: number | null;
  metadata: { tasks?: Task[]; error?: { code: string; message: string; action: string } };
}

export interface Turn {
  session: string;
  /** What the stream said. */
  events: Record<string, any>[];
  /** What was kept. */
  answer: Message;
}

/** Sends a message and reads the answer to its end. What awaits approval is approved. */
export async function say(api: Api, model: string, message: string, agent_id = 'architect'): Promise<Turn> {
  const { session_id } = await api.post<{ session_id: string }>('/api/chat/message', { message, model, agent_id });
  return read(api, session_id);
}

/** Asks for the same answer once more. */
export async function retry(api: Api, { session, answer: { message_id } }: Turn): Promise<Turn> {
  await api.post(`/api/chat/sessions/${session}/regenerate`, { message_id });
  return read(api, session);
}

/** Dollars as whole micro-dollars, in which sums are exact. */
export function micro(dollars: number | null | undefined): number {
  return Math.round((dollars ?? NaN) * 1e6);
}

async function read(api: Api, session: string): Promise<Turn> {
  const events: Record<string, any>[] = [];
  const stream = await api.call('GET', `/api/chat/stream/${session}`);
  for await (const { data } of eventsOf(stream.body as unknown as AsyncIterable<Uint8Array>)) {
    events.push(data);
    if (data.status === 'awaiting_approval') {
      await api.post(`/api/chat/sessions/${session}/approval`, { task_id: data.task_id, decision: 'approve' });
    }
  }
  const { messages } = await api.get<{ messages: Message[] }>(`/api/chat/sessions/${session}`);
  return { session, events, answer: messages.at(-1)! };
}
