// What an agent hands on is shown: who works on what, in what state, and what it took.
import { test, expect } from '../fixtures.ts';
import { usage } from '../support/gateway.ts';

const node = (task_id: string, parent_task_id: string | undefined, agent_id: string, status: 'executing' | 'complete', more: object = {}) => ({
  type: 'status_update' as const, task_id, parent_task_id, agent_id, status, ...more,
});
const spent = (prompt_tokens: number, completion_tokens: number, cost_usd: number) => ({
  usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }, cost_usd,
});

test('the tree grows while it is worked on, is the same after a reload, and its sums are right', async ({ chat, startGateway, startParley }) => {
  let goOn = () => {};
  const hold = new Promise<void>(resolve => (goOn = resolve));
  const gateway = await startGateway({
    answer: () => [
      node('t1', undefined, 'architect', 'executing', { detail: 'Dividing the work' }),
      node('t2', 't1', 'dir-code', 'executing', { detail: 'Directing' }),
      node('t3', 't2', 'mgr-backend', 'executing'),
      node('t4', 't3', 'prog-rust', 'executing', { detail: 'Writing the function' }),
      { hold },
      node('t4', 't3', 'prog-rust', 'complete', { ...spent(400, 100, 0.004), output: 'fn add(a: i32, b: i32) -> i32 { a + b }' }),
      node('t3', 't2', 'mgr-backend', 'complete', spent(200, 50, 0.002)),
      node('t2', 't1', 'dir-code', 'complete', spent(100, 25, 0.001)),
      { type: 'token', content: 'All of it is done.' },
      node('t1', undefined, 'architect', 'complete', spent(1_000, 125, 0.01)),
      usage(1_700, 300, 0.017),
      { type: 'done' },
    ],
  });
  const parley = await startParley({ GATEWAY_URL: gateway.url });
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  const tree = chat.lastAnswer.locator('.tasks').first();
  const nodes = tree.getByRole('listitem');
  await expect(nodes).toHaveCount(4);
  await expect(tree).toContainText('0 of 4 tasks done');
  await expect(nodes.nth(3)).toContainText('Prog-Rust');
  await expect(nodes.nth(3)).toContainText('Writing the function');
  await expect(nodes.nth(3)).toHaveAttribute('aria-level', '4');
  await expect(chat.lastAnswer.locator('.who')).toContainText('Dividing the work');

  // Whoever comes in the middle sees the same.
  await chat.reload();
  await expect(nodes).toHaveCount(4);
  goOn();
  await chat.ends('complete');
  await expect(tree).toContainText('4 of 4 tasks done');
  for (const _ of ['live', 'after a reload']) {
    if (!(await tree.evaluate(tree => (tree as HTMLDetailsElement).open))) await tree.locator('summary').first().click();
    await expect(nodes.nth(0)).toContainText('1,125 tokens · $0.01 / 2,000 tokens · $0.017 with all below');
    await expect(nodes.nth(2)).toContainText('250 tokens · $0.002 / 750 tokens · $0.006 with all below');
    await expect(nodes.nth(3)).toContainText('500 tokens · $0.004');
    await nodes.nth(3).locator('summary').click();
    await expect(nodes.nth(3)).toContainText('fn add(a: i32, b: i32)');
    await chat.reload();
  }
});

test('how an answer ended that was not divided is said beside it, also after a reload', async ({ chat, startGateway, startParley }) => {
  const end = 'The length limit of Script Large was reached.';
  const gateway = await startGateway({
    answer: ({ message }) => [
      node('t1', undefined, 'architect', 'executing', { detail: 'Asking Script Large' }),
      { type: 'token', content: 'As far as I got.' },
      node('t1', undefined, 'architect', 'complete', message === 'Be long' ? { detail: end } : {}),
      { type: 'done' },
    ],
  });
  const parley = await startParley(gateway.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('Be long');
  await chat.sayAndWait('Be brief');
  for (const _ of ['live', 'after a reload']) {
    await expect(chat.answers.first().locator('.aside')).toHaveText(end);
    await expect(chat.answers.last().locator('.aside')).toHaveCount(0);
    await chat.reload();
  }
});

test('the gauge tells what each answer took', async ({ chat, page, startGateway, startParley }) => {
  let count = 0;
  const gateway = await startGateway({ answer: () => [{ type: 'token', content: 'Yes.' }, usage(1_000 * ++count, 200, 0.01), { type: 'done' }] });
  const parley = await startParley({ GATEWAY_URL: gateway.url });
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('one');
  await chat.sayAndWait('two');
  await page.locator('.gauge > summary').click();
  const rows = page.locator('.breakdown tbody tr');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('2,000');
  await expect(rows.last()).toContainText('1,000');
  await expect(page.locator('.breakdown')).toContainText('3,400 tokens · $0.02');
  await page.keyboard.press('Escape');
  await expect(page.locator('.breakdown')).toBeHidden();
});
