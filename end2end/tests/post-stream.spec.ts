// An older Gateway, which knows only `POST /chat/stream`: a person does not notice, but for what it cannot do.
import { test as base, expect } from '../fixtures.ts';
import { answerOf } from '../support/gateway.ts';
import { Older, type Ask, type OlderAnswer } from '../support/older.ts';
import { MODELS } from '../support/provider.ts';

const test = base.extend<{ startOlder: (answer: (ask: Ask) => OlderAnswer) => Promise<Older> }>({
  startOlder: async ({}, use) => {
    const started: Older[] = [];
    await use(async answer => {
      const older = await Older.start(answer);
      started.push(older);
      return older;
    });
    for (const older of started) await older.stop();
  },
});

const TEXT = 'The old Gateway says what it has to say.';

test('its agents and the models of the file can be picked, and the answer streams in', async ({ chat, page, startOlder, startParley }) => {
  let goOn = () => {};
  const seen = new Promise<void>(resolve => (goOn = resolve));
  const older = await startOlder(() => [{ type: 'token', content: 'Hear: ' }, { hold: seen }, ...answerOf(TEXT)]);
  const parley = await startParley(older.environment);
  await chat.open(`${parley.url}/llm`);
  await page.getByRole('button', { name: /^Agent:.*Architect/ }).click();
  const agents = page.getByRole('option');
  await expect(agents).toHaveText([/Architect/, /Dir-Docs/, /Dir-Code/, /Mgr-Code-01/, /Prog-Rust/, /Direct/]);
  await expect(agents.nth(3)).toContainText('you are Dir-Code');
  await agents.nth(3).click();
  await expect(page.locator('.role')).toContainText('Dir-Code');
  await chat.chooseModel(MODELS.anthropic.name);

  await chat.say('Tell me');
  await chat.streaming(5);
  await expect(chat.lastText).toHaveText('Hear:');
  goOn();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(`Hear: ${TEXT}`);
  await expect(chat.lastAnswer.locator('.sum')).toContainText('154');
  await chat.sayAndWait('And again');
  expect(older.asked.map(({ agent_id, model }) => [agent_id, model])).toEqual(
    Array(2).fill(['svc-manager', MODELS.anthropic.id]),
  );
  expect(older.asked[1]!.messages.map(({ content }) => content)).toEqual(['Tell me', `Hear: ${TEXT}`, 'And again']);
});

test('without an agent the bare model answers', async ({ chat, page, startOlder, startParley }) => {
  const older = await startOlder(() => answerOf(TEXT));
  const parley = await startParley(older.environment);
  await chat.open(`${parley.url}/llm`);
  await page.getByRole('button', { name: /^Agent:/ }).click();
  await page.getByRole('option', { name: /Direct/ }).click();
  await chat.sayAndWait('Tell me');
  await expect(chat.lastText).toHaveText(TEXT);
  expect(older.asked[0]!.agent_id).toBe('direct');
});

test('Stop drops the connection, keeps the text, and everything works again', async ({ chat, startOlder, startParley }) => {
  const never = new Promise(() => undefined);
  const older = await startOlder(({ messages }) =>
    messages.length === 1 ? [{ type: 'token', content: 'So far ' }, { hold: never }] : answerOf(TEXT),
  );
  const parley = await startParley(older.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Tell me');
  await chat.streaming(5);
  expect(older.abandoned).toBe(0);
  await chat.stop.click();
  await chat.ends('cancelled');
  await expect.poll(() => older.abandoned).toBe(1);
  await expect(chat.lastText).toHaveText('So far');

  await chat.sayAndWait('Go on');
  await expect(chat.lastText).toHaveText(TEXT);
  expect(older.asked).toHaveLength(2);
});

test('an error event shows its reason, and Retry asks again', async ({ chat, startOlder, startParley }) => {
  const older: Older = await startOlder(() =>
    older.asked.length === 1
      ? [{ type: 'token', content: 'So far' }, { type: 'error', message: 'The agent ran out of memory.' }]
      : answerOf(TEXT),
  );
  const parley = await startParley(older.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Tell me');
  await chat.ends('error');
  await expect(chat.lastText).toContainText('So far');
  await expect(chat.lastAnswer).toContainText('The agent ran out of memory.');
  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await chat.ends('complete');
  await expect(chat.lastText).toHaveText(TEXT);
});

test('a plan cannot be decided on, which is said with what to do instead', async ({ chat, page, startOlder, startParley, guard }) => {
  guard.allow(/409/);
  const never = new Promise(() => undefined);
  const older = await startOlder(() => [
    { type: 'token', content: 'A plan.' },
    { type: 'status_update', status: 'awaiting_approval', task_id: 't1' },
    { hold: never },
  ]);
  const parley = await startParley(older.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(chat.notice).toContainText('takes no decisions on a plan');
  await expect(chat.notice).toContainText('Stop the answer');
  await chat.stop.click();
  await expect(chat.lastAnswer).toHaveAttribute('data-status', 'cancelled');
  await expect(chat.send).toBeVisible();
});
