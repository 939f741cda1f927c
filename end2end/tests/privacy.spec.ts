// What is not yours does not exist, on every verb of every route.
import { expect, test } from '../fixtures.ts';
import { Api, Chat } from '../support/chat.ts';

const NOBODYS = '00000000-0000-4000-8000-000000000000';

interface Refusal {
  error: { code: string };
}

function routes(id: string): [method: string, path: string, body?: unknown][] {
  const session = `/api/chat/sessions/${id}`;
  return [
    ['GET', session],
    ['GET', `/api/chat/stream/${id}`],
    ['GET', `${session}/export?format=markdown`],
    ['GET', `${session}/export?format=json`],
    ['PATCH', session, { title: 'mine now' }],
    ['POST', `${session}/cancel`],
    ['POST', `${session}/approval`, { task_id: 'task', decision: 'approve' }],
    ['POST', `${session}/clear`],
    ['DELETE', session],
    ['POST', '/api/chat/message', { session_id: id, message: 'let me in', agent_id: 'architect' }],
  ];
}

test('another visitor finds nothing of a conversation', async ({ chat, context, parley, newVisitor, guard }) => {
  await chat.open('/llm');
  await chat.sayAndWait('The secret of the orchard');
  const id = await chat.conversationOpened();

  const stranger = await newVisitor();
  const theirs = new Chat(await stranger.newPage());
  await theirs.open('/llm');
  await expect(theirs.conversations).toHaveCount(0);
  const api = await Api.of(stranger, parley.url);

  const nobodysRoutes = routes(NOBODYS);
  for (const [index, [method, path, body]] of routes(id).entries()) {
    const answer = await api.call(method, path, body);
    const text = await answer.text();
    expect(answer.status, `${method} ${path}: ${text}`).toBe(404);
    expect(text, `${method} ${path}`).not.toContain('orchard');
    // It must not be told from one that never was.
    const nobodys = await api.call(...nobodysRoutes[index]!);
    expect(nobodys.status, `${method} of nobody's`).toBe(404);
    expect((JSON.parse(text) as Refusal).error.code).toBe(((await nobodys.json()) as Refusal).error.code);
  }
  const list = await api.get<{ sessions: unknown[]; total: number }>('/api/chat/sessions?q=orchard');
  expect(list).toMatchObject({ sessions: [], total: 0 });

  guard.allow(/Failed to load resource.*404/); // the page that is not there
  const visit = await theirs.page.goto(`/llm/${id}`);
  expect(visit?.status()).toBe(404);
  await expect(theirs.page.locator('body')).not.toContainText('orchard');

  const own = await (await Api.of(context, parley.url)).call('GET', `/api/chat/sessions/${id}`);
  expect(own.status, 'it is still there for whoever began it').toBe(200);
  expect(await own.text()).toContain('The secret of the orchard');
});

test('an unsafe request without its token is refused', async ({ chat, context, parley }) => {
  await chat.open('/llm');
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const body = JSON.stringify({ message: 'hello', agent_id: 'architect' });
  const headers = { cookie, 'content-type': 'application/json' };
  const url = `${parley.url}/api/chat/message`;

  const without = await fetch(url, { method: 'POST', headers, body });
  expect(without.status).toBe(403);
  const wrong = await fetch(url, { method: 'POST', headers: { ...headers, 'x-csrf-token': 'wrong' }, body });
  expect(wrong.status).toBe(403);
  const token = ((await (await fetch(`${parley.url}/api/csrf`, { headers: { cookie } })).json()) as { csrf_token: string }).csrf_token;
  const foreign = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'x-csrf-token': token, origin: 'https://elsewhere.example' },
    body,
  });
  expect(foreign.status).toBe(403);
});
