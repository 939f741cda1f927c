// The embedded Gateway's agents at work, on a provider that calls tools: plan, approval, four tiers, sums, stop.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '../fixtures.ts';
import { Api, Chat } from '../support/chat.ts';

interface Kept {
  metadata: { tasks: { cost_usd?: number | null }[] };
  cost_usd: number | null;
}

for (const place of ['within Parley', 'alone']) test(`four tiers each do a part, after a plan that was changed and approved from another tab; the Gateway is ${place}`, async ({ chat, page, context, hierarchy, startParley, startAlone }) => {
  const parley = await startParley(place === 'alone' ? (await startAlone(hierarchy.environment)).environment : hierarchy.environment);
  const approval = page.getByRole('region', { name: 'Approval' });
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  await expect(approval).toBeVisible();
  await expect(chat.lastText).toContainText('Plan of Architect: hand it on.');
  await expect(chat.lastAnswer).toContainText('It would go to Dir-Code.');
  expect(hierarchy.asked, 'nobody works before the decision').toEqual(['Architect']);

  await chat.reload();
  await approval.getByRole('button', { name: 'Refine' }).click();
  await approval.getByRole('textbox', { name: 'What to change' }).fill('keep it small');
  await approval.getByRole('button', { name: 'Send changes' }).click();
  await expect(chat.lastText).toContainText('Changed plan of Architect: keep it small.');

  const other = new Chat(await context.newPage());
  await other.open(page.url());
  await other.page.getByRole('region', { name: 'Approval' }).getByRole('button', { name: 'Approve' }).click();
  for (const tab of [chat, other]) {
    await tab.ends('complete');
    await expect(tab.lastText).toContainText('Done by Architect.');
    await expect(tab.page.getByRole('region', { name: 'Approval' })).toHaveCount(0);
  }
  expect(hierarchy.asked).toEqual([
    'Architect', 'Architect', 'Dir-Code', 'Mgr-Code-01', 'Programmer-GPT-001', 'Mgr-Code-01', 'Dir-Code', 'Architect',
  ]);

  const tree = chat.lastAnswer.locator('.tasks').first();
  await expect(tree).toContainText('4 of 4 tasks done');
  if (!(await tree.evaluate(tree => (tree as HTMLDetailsElement).open))) await tree.locator('summary').first().click();
  const nodes = tree.getByRole('listitem');
  await expect(nodes.nth(0)).toContainText('3,300 tokens · $0.0084 / 8,800 tokens · $0.022 with all below');
  await expect(nodes.nth(1)).toContainText('Dir-Code');
  await expect(nodes.nth(1)).toContainText('2,200 tokens · $0.0056 / 5,500 tokens · $0.014 with all below');
  await expect(nodes.nth(2)).toContainText('2,200 tokens · $0.0056 / 3,300 tokens · $0.0084 with all below');
  await expect(nodes.nth(0)).not.toContainText('Asking');
  await expect(nodes.nth(3)).toContainText('1,100 tokens · $0.0028');
  await expect(nodes.nth(3)).toHaveAttribute('aria-level', '4');
  await nodes.nth(3).locator('summary').click();
  await expect(nodes.nth(3)).toContainText('Done by Programmer-GPT-001.');

  // What is shown is rounded; what is kept is not.
  const api = await Api.of(context, parley.url);
  const { messages } = await api.get<{ messages: Kept[] }>(`/api/chat/sessions/${chat.sessionId}`);
  const { metadata: { tasks }, cost_usd } = messages.at(-1)!;
  const micro = (dollars: number | null | undefined) => Math.round((dollars ?? NaN) * 1e6);
  expect(tasks.map(task => micro(task.cost_usd))).toEqual([8_400, 5_600, 5_600, 2_800]);
  expect(micro(cost_usd)).toBe(22_400);
});

test('the plan of an agent below is shown and decided on as well', async ({ chat, page, hierarchy, startParley }) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-agents-'));
  const built_in = readFileSync(join(import.meta.dirname, '../../server/gateway/agents.toml'), 'utf8');
  const agents = built_in.replace('agent_id = "dir-code"\n', 'agent_id = "dir-code"\nrequires_approval = true\n');
  expect(agents).not.toBe(built_in);
  writeFileSync(join(folder, 'agents.toml'), agents);
  const parley = await startParley({ ...hierarchy.environment, PARLEY_AGENTS: join(folder, 'agents.toml') });
  const approval = page.getByRole('region', { name: 'Approval' });
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  await approval.getByRole('button', { name: 'Approve' }).click();

  await expect(approval).toContainText('Dir-Code asks: Shall the plan be carried out? It would go to Mgr-Code-01.');
  await expect(approval).toContainText('Plan of Dir-Code: hand it on.');
  await expect(chat.lastAnswer.locator('.who')).toContainText('Awaiting approval');
  await chat.reload();
  await approval.getByRole('button', { name: 'Refine' }).click();
  await approval.getByRole('textbox', { name: 'What to change' }).fill('keep it small');
  await approval.getByRole('button', { name: 'Send changes' }).click();
  await expect(approval).toContainText('Changed plan of Dir-Code: keep it small.');
  expect(hierarchy.asked).toEqual(['Architect', 'Dir-Code', 'Dir-Code']);
  await approval.getByRole('button', { name: 'Approve' }).click();
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'complete');
  await expect(approval).toHaveCount(0);
  await expect(chat.lastText).toContainText('Done by Architect.');
  rmSync(folder, { recursive: true });
});

test('stopped in the middle, no request stays open at the provider', async ({ chat, page, hierarchy, startParley }) => {
  hierarchy.hold();
  const parley = await startParley(hierarchy.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  await page.getByRole('region', { name: 'Approval' }).getByRole('button', { name: 'Approve' }).click();
  await expect.poll(() => hierarchy.asked.at(-1)).toBe('Programmer-GPT-001');
  expect(hierarchy.open).toBe(1);
  await page.getByRole('button', { name: 'Stop' }).click();
  await chat.ends('cancelled');
  await expect.poll(() => hierarchy.open).toBe(0);
  // Three have told what they took; the fourth was not let.
  for (const _ of ['live', 'after a reload']) {
    await expect(chat.lastAnswer.locator('.foot')).toContainText('~3,300 tokens');
    await expect(chat.lastAnswer.locator('.foot')).toContainText('$0.0084');
    await chat.reload();
  }
  // Nobody goes on without the person.
  hierarchy.release();
  expect(hierarchy.asked).toEqual(['Architect', 'Dir-Code', 'Mgr-Code-01', 'Programmer-GPT-001']);
});
