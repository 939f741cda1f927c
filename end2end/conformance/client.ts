// Asks the Gateway at GATEWAY_URL, and holds whatever it answers against the contract's document.
import assert from 'node:assert/strict';
import * as document from './document.ts';
import { eventsOf, type Event } from './sse.ts';

export const url = (process.env.GATEWAY_URL ?? '').replace(/\/+$/, '');
export const token = process.env.GATEWAY_TOKEN;
const PATIENCE_MS = 120_000;

export type Json = Record<string, any>;
export interface Answer {
  status: number;
  json: Json;
}

/** A request that the contract allows. */
export async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  document.sends(method, path, body);
  return ask(method, path, body === undefined ? undefined : JSON.stringify(body));
}

/** Any request. What comes back must be of the contract all the same. */
export async function ask(method: string, path: string, body?: string, type = 'application/json', key = token): Promise<Answer> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (key) headers.authorization = `Bearer ${key}`;
  if (body !== undefined) headers['content-type'] = type;
  const response = await fetch(url + path, { method, headers, body, signal: AbortSignal.timeout(PATIENCE_MS) });
  const text = await response.text();
  const { status } = response;
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    assert.fail(`${status} to ${method} ${path}: ${JSON.stringify(text.slice(0, 200))} is not JSON`);
  }
  if (document.has(method, path)) document.answers(method, path, status, response.headers.get('content-type') ?? '', json);
  else document.fits('Refusal', json, `${status} to ${method} ${path}`);
  return { status, json };
}

/** The events of a session's answer, as they come. */
export async function* stream(session: string, after?: string): AsyncGenerator<Event> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (after) headers['last-event-id'] = after;
  const response = await fetch(`${url}/chat/stream/${session}`, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  for await (const event of eventsOf(response.body as unknown as AsyncIterable<Uint8Array>)) {
    document.event(event.data);
    yield event;
  }
}

/** All of them, to the end. */
export async function all(session: string, after?: string): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream(session, after)) events.push(event);
  return events;
}
