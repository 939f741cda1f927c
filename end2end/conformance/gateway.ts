// Does a Gateway keep the contract (docs/GATEWAY.md, docs/gateway.openapi.json)? Asks whatever answers at GATEWAY_URL;
// `make test-gateway`.
//
// It asks for a few short answers and one that it stops; at a Gateway with paid models they cost what such answers cost.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { all, ask, call, stream, token, url, type Answer, type Json } from './client.ts';
import type { Event } from './sse.ts';

const SHORT = process.env.GATEWAY_MESSAGE ?? 'Say hello in one sentence.';
/** What takes some seconds to answer, so that it can be stopped in the middle. */
const LONG = process.env.GATEWAY_LONG_MESSAGE ?? 'Tell a story of a thousand words about a lighthouse.';

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
  assert.equal(json.message_id, body.message_id);
  return body.session_id;
}

/** That it comes with a reason in the envelope is looked at with every answer. */
function refused({ status }: Answer, ...expected: number[]): void {
  assert.ok(expected.includes(status), `${status} instead of ${expected.join(' or ')}`);
}

before(async () => {
  assert.match(url, /^https?:\/\//, 'set GATEWAY_URL to the address of a Gateway');
  // Whatever is wrong with the lists is for the tests to say.
  agents = (await call('GET', '/agents').catch(() => undefined))?.json.agents ?? [];
  models = (await call('GET', '/models').catch(() => undefined))?.json.models ?? [];
});

test('it says that it is well', async () => {
  assert.equal((await call('GET', '/health')).status, 200);
});

test('its agents are one tree', async () => {
  assert.equal((await call('GET', '/agents')).status, 200);
  assert.ok(agents.length > 0);
  const ids = new Set(agents.map(agent => agent.agent_id));
  assert.equal(ids.size, agents.length, 'each id is there once');
  assert.equal(agents.filter(agent => !agent.parent_id).length, 1, 'there is one root');
  for (const agent of agents) assert.ok(!agent.parent_id || ids.has(agent.parent_id), `parent of ${agent.agent_id}`);
});

test('its models are each there once, and one can be asked', async () => {
  assert.equal((await call('GET', '/models')).status, 200);
  assert.equal(new Set(models.map(model => model.model_id)).size, models.length, 'each id is there once');
  assert.ok(models.some(model => model.is_active !== false), 'one can be asked');
});

test('an answer streams events with ids, usage at most once before done, and nothing after', async () => {
  const events = await all(await started(chat(SHORT)));
  assert.equal(new Set(events.map(event => event.id)).size, events.length, 'each id is there once');
  assert.ok(events.every(event => event.id !== ''), 'each event has an id');
  assert.ok(events.some(event => event.data.type === 'token' && event.data.content.length > 0), 'something is said');
  const done = events.findIndex(event => event.data.type === 'done');
  assert.equal(done, events.length - 1, 'done is the last');
  assert.ok([undefined, null, 'complete'].includes(events[done].data.status), `done: ${events[done].data.status}`);
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
  assert.deepEqual(await all(session, whole.at(-1)!.id), [], 'after the last event there is nothing, and an end');
  assert.deepEqual(await all(session, 'no-such-event'), whole);
});

test('the same key starts nothing', async () => {
  const body = chat(SHORT);
  const session = await started(body);
  const events = await all(session);
  await started(body);
  assert.deepEqual(await all(session), events);
});

test('one answer a session, which waits for no decision, and cancel ends it', async () => {
  const session = await started(chat(LONG));
  const seen: Event[] = [];
  for await (const event of stream(session)) {
    seen.push(event);
    if (event.data.type === 'token' && !seen.slice(0, -1).some(earlier => earlier.data.type === 'token')) {
      refused(await call('POST', '/chat', { ...chat(SHORT), session_id: session }), 409);
      refused(await call('POST', `/chat/${session}/approval`, { task_id: 'no-such-task', decision: 'approve' }), 409);
      assert.equal((await call('POST', `/chat/${session}/cancel`)).status, 200);
    }
  }
  const last = seen.at(-1)?.data;
  assert.deepEqual([last?.type, last?.status], ['done', 'cancelled']);
  refused(await call('POST', `/chat/${session}/cancel`), 409);
  refused(await call('POST', `/chat/${session}/approval`, { task_id: 'no-such-task', decision: 'approve' }), 409);
});

test('a session without an answer is not found', async () => {
  const session = randomUUID();
  refused(await call('GET', `/chat/stream/${session}`), 404);
  refused(await call('POST', `/chat/${session}/cancel`), 404);
  refused(await call('POST', `/chat/${session}/approval`, { task_id: 'no-such-task', decision: 'approve' }), 404);
});

test('what makes no sense is refused with a reason', async () => {
  refused(await ask('POST', '/chat', '{'), 400, 422);
  refused(await ask('POST', '/chat', '{"message":"and nothing else"}'), 400, 422);
  refused(await ask('POST', '/chat', JSON.stringify(chat(SHORT, { session_id: 'no-uuid' }))), 400, 422);
  refused(await call('POST', '/chat', chat(SHORT, { agent_id: 'no-such-agent' })), 404, 422);
  refused(await call('POST', '/chat', chat(SHORT, { model: 'no-such-model' })), 404, 422);
  const session = await started(chat(SHORT));
  refused(await ask('POST', `/chat/${session}/approval`, '{"task_id":"some","decision":"perhaps"}'), 400, 409, 422);
  await all(session);
});

test('an unknown route, a method that a route does not take and another type of body are refused with a reason', async () => {
  refused(await ask('GET', '/no-such-route'), 404);
  refused(await ask('DELETE', '/agents'), 404, 405);
  refused(await ask('GET', '/chat'), 404, 405);
  // A Gateway may read it all the same, and then there is no such agent.
  refused(await ask('POST', '/chat', JSON.stringify(chat(SHORT, { agent_id: 'no-such-agent' })), 'text/plain'), 400, 404, 415, 422);
});

test('without its token only /health is open', { skip: !token && 'no GATEWAY_TOKEN is set' }, async () => {
  for (const key of ['', `not-${token}`]) {
    refused(await ask('GET', '/agents', undefined, undefined, key), 401);
    refused(await ask('POST', '/chat', JSON.stringify(chat(SHORT)), undefined, key), 401);
    refused(await ask('GET', `/chat/stream/${randomUUID()}`, undefined, undefined, key), 401);
    assert.equal((await ask('GET', '/health', undefined, undefined, key)).status, 200);
  }
});
