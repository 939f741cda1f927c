// Does a Gateway keep the contract (docs/GATEWAY.md)? Asks whatever answers at GATEWAY_URL; `make test-gateway`.
//
// It asks for a few short answers and one that it stops; at a Gateway with paid models they cost what such answers cost.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';

const url = (process.env.GATEWAY_URL ?? '').replace(/\/+$/, '');
const token = process.env.GATEWAY_TOKEN;
const SHORT = process.env.GATEWAY_MESSAGE ?? 'Say hello in one sentence.';
/** What takes some seconds to answer, so that it can be stopped in the middle. */
const LONG = process.env.GATEWAY_LONG_MESSAGE ?? 'Tell a story of a thousand words about a lighthouse.';
const PATIENCE_MS = 120_000;
const KINDS = ['token', 'status_update', 'usage', 'done'];

type Json = Record<string, any>;
interface Event {
  id: string;
  data: Json;
}

async function call(method: string, path: string, body?: unknown, type = 'application/json'): Promise<{ status: number; json: Json }> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = type;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, { method, headers, body: text, signal: AbortSignal.timeout(PATIENCE_MS) });
  const answer = await response.text();
  try {
    return { status: response.status, json: JSON.parse(answer) };
  } catch {
    return { status: response.status, json: {} };
  }
}

/** The events of a session's answer, as they come. */
async function* stream(session: string, after?: string): AsyncGenerator<Event> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (after) headers['last-event-id'] = after;
  const response = await fetch(`${url}/chat/stream/${session}`, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n').filter(line => !line.startsWith(':'));
      text = text.slice(end + 2);
      if (lines.length === 0) continue;
      const field = (name: string) => lines.filter(line => line.startsWith(`${name}:`)).map(line => line.slice(name.length + 1).trimStart());
      yield { id: field('id').join(''), data: JSON.parse(field('data').join('\n')) };
    }
  }
}

async function all(session: string, after?: string): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream(session, after)) events.push(event);
  return events;
}

let agents: Json[] = [];
let models: Json[] = [];

/** A request for an answer, to an agent without others below it where there is one: such an answer waits for nobody. */
function chat(message: string, more: Json = {}): Json {
  const leaf = agents.find(agent => agent.parent_id && !agents.some(other => other.parent_id === agent.agent_id)) ?? agents[0];
  return {
    session_id: randomUUID(), message_id: randomUUID(), message, messages: [{ role: 'user', content: message }],
    agent_id: leaf.agent_id, parent_role: null, model: null, idempotency_key: randomUUID(), ...more,
  };
}

async function started(body: Json): Promise<string> {
  const { status, json } = await call('POST', '/chat', body);
  assert.equal(status, 202, JSON.stringify(json));
  assert.deepEqual(json, { message_id: body.message_id, status: 'processing' });
  return body.session_id;
}

function refused({ status, json }: { status: number; json: Json }, ...expected: number[]): void {
  assert.ok(expected.includes(status), `${status} instead of ${expected.join(' or ')}`);
  for (const part of ['code', 'message', 'action']) assert.equal(typeof json.error?.[part], 'string', `error.${part}`);
}

before(async () => {
  assert.match(url, /^https?:\/\//, 'set GATEWAY_URL to the address of a Gateway');
  agents = (await call('GET', '/agents')).json.agents;
  models = (await call('GET', '/models')).json.models;
});

test('it says that it is well', async () => {
  assert.deepEqual(await call('GET', '/health'), { status: 200, json: { status: 'ok' } });
});

test('its agents are one tree', () => {
  assert.ok(agents.length > 0);
  const ids = new Set(agents.map(agent => agent.agent_id));
  assert.equal(ids.size, agents.length, 'each id is there once');
  assert.equal(agents.filter(agent => !agent.parent_id).length, 1, 'there is one root');
  for (const agent of agents) {
    for (const field of ['agent_id', 'agent_name', 'role']) assert.equal(typeof agent[field], 'string', field);
    assert.ok(Number.isInteger(agent.tier) && agent.tier >= 1, `tier of ${agent.agent_id}`);
    assert.ok(!agent.parent_id || ids.has(agent.parent_id), `parent of ${agent.agent_id}`);
  }
});

test('its models have ids, windows and prices or none', () => {
  assert.ok(models.some(model => model.is_active !== false), 'one can be asked');
  for (const model of models) {
    for (const field of ['model_id', 'model_name', 'provider']) assert.equal(typeof model[field], 'string', field);
    assert.ok(Number.isInteger(model.context_window) && model.context_window >= 0, model.model_id);
    for (const price of [model.cost_per_1m_input, model.cost_per_1m_output]) {
      assert.ok(price == null || (typeof price === 'number' && price >= 0), `price of ${model.model_id}`);
    }
  }
});

test('an answer streams events with ids, usage at most once before done, and nothing after', async () => {
  const events = await all(await started(chat(SHORT)));
  assert.equal(new Set(events.map(event => event.id)).size, events.length, 'each id is there once');
  assert.ok(events.every(event => event.id !== ''), 'each event has an id');
  assert.ok(events.every(event => KINDS.includes(event.data.type)), 'each type is known');
  assert.ok(events.some(event => event.data.type === 'token' && event.data.content.length > 0), 'something is said');
  const done = events.findIndex(event => event.data.type === 'done');
  assert.equal(done, events.length - 1, 'done is the last');
  assert.ok([undefined, 'complete'].includes(events[done].data.status), `done: ${events[done].data.status}`);
  const usage = events.filter(event => event.data.type === 'usage');
  assert.ok(usage.length <= 1);
  if (usage.length === 1) {
    assert.equal(events[done - 1], usage[0], 'usage stands right before done');
    const { prompt_tokens, completion_tokens, total_tokens } = usage[0].data.usage;
    assert.equal(prompt_tokens + completion_tokens, total_tokens);
  }
  const tasks = events.filter(event => event.data.type === 'status_update' && event.data.usage);
  const ids = [...new Set(tasks.map(event => event.data.task_id))];
  if (usage.length === 1 && ids.length > 0) {
    const last = ids.map(id => tasks.findLast(event => event.data.task_id === id)!.data.usage.total_tokens as number);
    assert.equal(last.reduce((sum, tokens) => sum + tokens, 0), usage[0].data.usage.total_tokens, "the turn's is the sum");
  }
});

test('a stream resumes strictly after the last event, and from the start where the id means nothing', async () => {
  const session = await started(chat(SHORT));
  const whole = await all(session);
  const middle = Math.floor(whole.length / 2);
  assert.deepEqual(await all(session, whole[middle].id), whole.slice(middle + 1));
  assert.deepEqual(await all(session, 'no-such-event'), whole);
});

test('the same key starts nothing', async () => {
  const body = chat(SHORT);
  const session = await started(body);
  const events = await all(session);
  assert.deepEqual(await call('POST', '/chat', body), { status: 202, json: { message_id: body.message_id, status: 'processing' } });
  assert.deepEqual(await all(session), events);
});

test('one answer a session, and cancel ends it', async () => {
  const body = chat(LONG);
  const session = await started(body);
  const seen: Event[] = [];
  for await (const event of stream(session)) {
    seen.push(event);
    if (event.data.type === 'token' && !seen.slice(0, -1).some(earlier => earlier.data.type === 'token')) {
      refused(await call('POST', '/chat', { ...chat(SHORT), session_id: session }), 409);
      assert.deepEqual(await call('POST', `/chat/${session}/cancel`), { status: 200, json: { status: 'cancelled' } });
    }
  }
  assert.deepEqual(seen.at(-1)?.data, { type: 'done', status: 'cancelled' });
  refused(await call('POST', `/chat/${session}/cancel`), 409);
});

test('what makes no sense is refused with a reason', async () => {
  refused(await call('POST', '/chat', '{'), 400, 422);
  refused(await call('POST', '/chat', { message: 'and nothing else' }), 400, 422);
  refused(await call('POST', '/chat', chat(SHORT, { agent_id: 'no-such-agent' })), 404, 422);
  refused(await call('POST', '/chat', chat(SHORT, { model: 'no-such-model' })), 404, 422);
  refused(await call('GET', `/chat/stream/${randomUUID()}`), 404);
  refused(await call('POST', `/chat/${randomUUID()}/cancel`), 404, 409);
  refused(await call('POST', `/chat/${randomUUID()}/approval`, { task_id: 'none', decision: 'approve' }), 404, 409);
});
