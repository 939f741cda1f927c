// Hostile strings wherever the page shows what somebody else wrote. Nothing of them may become more than text.
import type { Page } from '@playwright/test';
import { expect, test as base } from '../fixtures.ts';
import { Api } from '../support/chat.ts';
import { Detector } from '../support/detector.ts';
import { AGENTS, answerOf, type Agent, type Gateway, type Model, type Script, type TurnEvent } from '../support/gateway.ts';
import { Guard } from '../support/guard.ts';
import { ATTACKS } from '../support/xss.ts';

interface Attacked {
  url: string;
  gateway: Gateway;
  detector: Detector;
  /** A page that shows what the server renders: it takes its scripts, but the browser makes nothing of it anew. */
  served: Page;
}

declare global {
  /** Waits in the page, where a question more costs no time. */
  function until<T>(what: string, find: () => T | null | undefined | false): Promise<T>;
}

function defineUntil(): void {
  window.until = async (what, find) => {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const found = find();
      if (found) return found;
      if (performance.now() > deadline) throw new Error(`waited for ${what}`);
      await new Promise(resolve => setTimeout(resolve, 4));
    }
  };
}

const test = base.extend<{ attack: (script: Script) => Promise<Attacked> }>({
  attack: async ({ page, context, guard, startGateway, startParley }, use) => {
    await use(async script => {
      const gateway = await startGateway(script);
      const { url } = await startParley(gateway.environment);
      const detector = new Detector(guard, url);
      await detector.watch(context);
      await context.addInitScript(defineUntil);
      const served = await context.newPage();
      await served.route(/\/pkg\/parley[^/]*\.js$/, route =>
        route.fulfill({ contentType: 'text/javascript', body: 'export default async () => {}; export const hydrate = () => {};' }),
      );
      guard.allow(/parley[^/]*\.wasm was preloaded/);
      await page.bringToFront();
      return { url, gateway, detector, served };
    });
  },
});

// Much is shown and little of it looked at: nothing is filmed, and little is painted.
test.use({ trace: 'off', viewport: { width: 900, height: 400 }, contextOptions: { reducedMotion: 'reduce' } });
test.beforeEach(() => test.setTimeout(180_000));

/** As many messages as the page that the server renders shows. */
const PER_SESSION = 10;
const SLICES = 4;

const trimmed = (text: string) => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
/** What the composer sends of it: fields know one kind of line end, and what surrounds a message is not part of it. */
const sent = (text: string) => text.replaceAll(/\r\n?/g, '\n').replace(/\p{White_Space}+$/u, '').replace(/^\n+/, '');
/** The longest title that is taken of it. */
const titled = (text: string) => trimmed([...trimmed(text.replaceAll(/\p{Cc}/gu, ' '))].slice(0, 200).join(''));

function slices<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** Sends each text and sees its answer to the end; what it asks to have approved, the text itself is the note to. Runs in the page. */
async function converse(texts: string[]): Promise<string[]> {
  const write = (field: HTMLTextAreaElement, text: string) => {
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const details: string[] = [];
  const field = document.querySelector<HTMLTextAreaElement>('#message')!;
  for (const [at, text] of texts.entries()) {
    write(field, text);
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    const answer = await until('the answer', () => document.querySelectorAll('article[data-message-type="assistant"]')[at]);
    const status = () => answer.getAttribute('data-status');
    const button = (name: string) =>
      [...answer.querySelectorAll<HTMLButtonElement>('.approval button:enabled')].find(button => button.textContent!.trim() === name);
    const refine = await until('the question, or the end', () => button('Refine') ?? status() !== 'streaming');
    if (refine instanceof HTMLButtonElement) {
      details.push(answer.querySelector('.who .detail')!.textContent!);
      refine.click();
      write(await until('the note', () => answer.querySelector<HTMLTextAreaElement>('.approval textarea')), text);
      (await until('the way to send it', () => button('Send changes'))).click();
    }
    await until('the end', () => status() !== 'streaming');
  }
  await until('the colours', () => !document.querySelector('[data-waits]'));
  return details;
}

/** Has each message offered for change, and leaves it as it is. Runs in the page. */
async function reconsider(): Promise<string[]> {
  const texts: string[] = [];
  for (const own of document.querySelectorAll('.own')) {
    const button = await until('the way to change it', () => own.querySelector<HTMLButtonElement>('[aria-label="Edit message"]:enabled'));
    button.click();
    const field = await until('the field', () => own.querySelector<HTMLTextAreaElement>('.edit textarea'));
    texts.push(field.value);
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await until('the message', () => own.querySelector('.bubble'));
  }
  return texts;
}

/** An answer that shows the message in every place that an answer has. */
async function* everywhere(gateway: () => Gateway, text: string): AsyncGenerator<TurnEvent> {
  const task = { task_id: text, detail: text, output: text };
  yield { type: 'status_update', status: 'planning', ...task, agent_id: text, parent_task_id: text };
  // A tree is shown where there is more than one of them.
  yield { type: 'status_update', status: 'complete', ...task, task_id: `below ${text}`, agent_id: text, parent_task_id: text };
  const pieces = answerOf(text, 7);
  yield* pieces.slice(0, Math.ceil(pieces.length / 2));
  const decision = gateway().nextApproval();
  yield { type: 'status_update', status: 'awaiting_approval', ...task };
  await decision;
  yield { type: 'status_update', status: 'executing', ...task, agent_id: text };
  yield* pieces.slice(Math.ceil(pieces.length / 2));
}

/** Has each conversation of the list show its title wherever it does. Runs in the page. */
async function visit(): Promise<Record<string, string[]>> {
  const shown: Record<string, string[]> = { row: [], tooltip: [], label: [], field: [], heading: [], window: [] };
  const count = document.querySelectorAll('.session').length;
  const row = (at: number) => document.querySelectorAll('.session')[at]!;
  const press = (root: ParentNode, name: string) =>
    until(name, () => [...root.querySelectorAll<HTMLButtonElement>('button')].find(button => button.textContent!.trim() === name)).then(button =>
      button.click(),
    );
  const escape = (element: Element) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  for (let at = 0; at < count; at++) {
    const link = row(at).querySelector('a')!;
    const title = link.querySelector('.title')!.textContent!;
    shown.row!.push(title);
    shown.tooltip!.push(link.title);

    const dots = row(at).querySelector<HTMLButtonElement>('.dots')!;
    shown.label!.push(dots.ariaLabel!.replace(/^Actions for /, ''));
    dots.click();
    await press(row(at), 'Rename');
    const field = await until('the field', () => row(at).querySelector<HTMLInputElement>('input.rename'));
    shown.field!.push(field.value);
    escape(field);

    (await until('the row', () => row(at).querySelector('a'))).click();
    await until('the heading', () => document.querySelector('h1')?.textContent === title);
    shown.heading!.push(document.querySelector('h1')!.textContent!);
    const called = await until('the window', () => document.querySelector('head title')!.textContent!.includes(title) && document.querySelector('head title')!.textContent!);
    shown.window!.push(called.replace(/ · Parley$/, ''));
  }
  return shown;
}

const bubbles = (page: Page) => page.locator('.bubble').evaluateAll(all => all.map(one => one.textContent));
const failures = (page: Page) => page.locator('.failure span').evaluateAll(all => all.map(one => one.textContent));
/** What each answer's tree says: of whom, what it does and what came of it. */
const trees = (page: Page) =>
  page
    .locator('.tasks')
    .evaluateAll(all => all.flatMap(tree => ['li b', 'li .detail', 'li .output'].flatMap(what => [...tree.querySelectorAll(what)].map(one => one.textContent))));
/** A document holds no NUL: the parser of HTML drops it from text, and a script may still write one. */
const withoutNul = (texts: (string | null)[]) => texts.map(text => text?.replaceAll(/\0|\ufffd/g, ''));

const PARTS = slices(ATTACKS, Math.ceil(ATTACKS.length / SLICES)).map((attacks, at) => ({ attacks, part: `${at + 1} of ${SLICES}` }));

for (const { attacks, part } of PARTS) {
  test(`messages, answers, details and approvals, ${part}`, async ({ chat, page, attack }) => {
    const { url, gateway, detector, served } = await attack({ answer: ({ message }) => everywhere(() => gateway, message) });
    await chat.open(`${url}/llm`);
    for (const some of slices(attacks, PER_SESSION)) {
      const texts = some.map(({ text }) => sent(text));
      const inTrees = texts.flatMap(text => Array<string>(6).fill(text));
      const details = await page.evaluate(converse, texts);
      expect(withoutNul(details)).toEqual(withoutNul(texts));
      expect(withoutNul(await bubbles(page))).toEqual(withoutNul(texts));
      expect(withoutNul(await trees(page))).toEqual(withoutNul(inTrees));
      expect(withoutNul(await page.evaluate(reconsider))).toEqual(withoutNul(texts));
      expect(await detector.findings(page), 'while it streamed').toEqual([]);
      const approvals = gateway.approvals.splice(0).map(({ task_id, note }) => ({ task_id, note }));
      expect(approvals).toEqual(texts.map(text => ({ task_id: text, note: trimmed(text) })));

      await served.goto(page.url());
      expect(withoutNul(await bubbles(served))).toEqual(withoutNul(texts));
      expect(withoutNul(await trees(served))).toEqual(withoutNul(inTrees));
      expect(await detector.findings(served), 'as the server renders it').toEqual([]);
      await page.getByRole('button', { name: 'New conversation', exact: true }).click();
      await expect(chat.answers).toHaveCount(0);
    }
    await chat.open(served.url());
    expect(await detector.findings(page), 'brought to life').toEqual([]);
  });

  test(`titles, ${part}`, async ({ chat, page, context, attack }) => {
    const { url, detector } = await attack({ answer: () => answerOf('Yes.') });
    await chat.open(`${url}/llm`);
    const api = await Api.of(context, url);
    const titles: string[] = [];
    const ids: string[] = [];
    for (const { text } of attacks) {
      const answer = await api.call('POST', '/api/chat/message', { message: text, agent_id: 'architect' });
      expect(answer.status, JSON.stringify(text.slice(0, 200))).toBe(202);
      ids.push(((await answer.json()) as { session_id: string }).session_id);
      titles.push(titled(text));
    }
    const listed = async () => {
      await chat.reload();
      // The list reads on as one nears its end.
      await expect(async () => {
        await page.locator('.sessions').evaluate(list => list.scrollTo(0, list.scrollHeight));
        await expect(chat.conversations).toHaveCount(attacks.length, { timeout: 1_000 });
      }).toPass();
    };
    await listed();
    expect(await detector.findings(page), 'from the first message').toEqual([]);

    for (const [at, id] of ids.entries()) {
      const title = titles[at]!;
      const answer = await api.call('PATCH', `/api/chat/sessions/${id}`, { title });
      expect(answer.status, `${JSON.stringify(title)}: ${await answer.clone().text()}`).toBe(200);
      const found = await api.get<{ sessions: { session_id: string }[] }>(`/api/chat/sessions?limit=100&q=${encodeURIComponent(title)}`);
      expect.soft(found.sessions.map(({ session_id }) => session_id), `found by ${JSON.stringify(title)}`).toContain(id);
    }
    await listed();
    const shown = await page.evaluate(visit);
    const all = titles.toSorted();
    for (const [place, texts] of Object.entries(shown)) expect(texts.toSorted(), place).toEqual(all);
    expect(await detector.findings(page), 'renamed').toEqual([]);

    await page.keyboard.press('Control+k');
    const options = page.getByRole('group', { name: 'Conversations' }).getByRole('option').locator('b');
    // It lists the newest only.
    const offered = await options.allTextContents();
    expect(offered.length).toBeGreaterThan(0);
    expect(offered.filter(title => !all.includes(title))).toEqual([]);
    for (const field of ['.palette input', '.sidebar input[type=search]']) {
      await page.locator(field).evaluate(async (field: HTMLInputElement, titles) => {
        for (const title of titles) {
          field.value = title;
          field.dispatchEvent(new Event('input', { bubbles: true }));
          await new Promise(requestAnimationFrame);
        }
      }, titles);
      if (field.startsWith('.palette')) {
        await expect(options.first()).toHaveText(titles.at(-1)!.trim());
        await page.keyboard.press('Escape');
      } else {
        // The title, and the message that it was made of.
        await expect(chat.conversations).not.toHaveCount(0);
      }
    }
    expect(await detector.findings(page), 'searched for').toEqual([]);
  });
}

test('agents, models and providers', async ({ chat, page, attack }) => {
  // A Gateway lists what it likes; a name of forty thousand letters would only take time.
  const named = ATTACKS.map(({ number, text }) => ({ number, text: text.slice(0, 2_000) }));
  const agents = named.map(
    ({ number, text }): Agent => ({
      agent_id: `agent-${number}`,
      agent_name: text,
      tier: 3 + (number % 3),
      role: text,
      // Those below others show the name of the one above them.
      parent_id: number % 3 === 0 ? 'architect' : `agent-${number - 1}`,
      icon: text,
      description: text,
      status: number % 2 === 0 ? 'active' : text,
    }),
  );
  const models = named.map(
    ({ number, text }): Model => ({
      model_id: `model-${number}`,
      model_name: text,
      provider: text,
      context_window: 1_000,
      capabilities: [text],
      status: text,
    }),
  );
  const { url, detector, served } = await attack({ agents: [...AGENTS.slice(0, 2), ...agents], models });
  await served.goto(`${url}/llm`);
  expect(await detector.findings(served), 'in the data of the page').toEqual([]);
  await chat.open(`${url}/llm`);

  for (const [kind, own] of [['Agent', 1], ['Model', 0]] as const) {
    const button = page.getByRole('button', { name: new RegExp(`^${kind}:`) });
    await button.click();
    const options = page.getByRole('option');
    await expect(options).toHaveCount(named.length + own);
    const names = await options.locator('b').allTextContents();
    const expected = [...named.map(({ text }) => text), ...(own ? ['Architect'] : [])];
    expect(names.toSorted(), kind).toEqual(expected.toSorted());
    expect(await detector.findings(page), `${kind}s offered`).toEqual([]);
    await page.keyboard.press('Escape');
    // Chosen, a name stands in the toolbar, in the role, over the empty conversation and in the composer.
    for (let at = 1; at < named.length; at += 30) {
      await button.click();
      const name = await options.nth(at).locator('b').textContent();
      await options.nth(at).evaluate((option: HTMLElement) => option.click());
      await expect.poll(() => button.locator('b').textContent()).toBe(name);
    }
    expect(await detector.findings(page), `${kind}s chosen`).toEqual([]);
  }
  const [agent, model] = await page.locator('.pick > b').allTextContents();
  await chat.sayAndWait('Who are you?');
  expect(await chat.lastAnswer.locator('.who > b').textContent()).toBe(agent);
  expect(await chat.lastAnswer.locator('.byline').textContent()).toContain(model);
  await page.locator('.gauge > summary').click();
  expect(await page.locator('.breakdown tbody td').first().textContent()).toContain(model);
  await page.keyboard.press('Escape');
  expect(await detector.findings(page), 'an answer of theirs').toEqual([]);

  // Another agent than that of the conversation is asked about by name.
  const other = page.getByRole('button', { name: /^Agent:/ });
  for (let at = 2; at < named.length; at += 30) {
    // A very long name may stand over it.
    await other.evaluate((button: HTMLElement) => button.click());
    const option = page.getByRole('option').nth(at);
    const name = await option.locator('b').textContent();
    await option.evaluate((option: HTMLElement) => option.click());
    const question = page.locator('dialog.confirm[open]');
    expect(await question.locator('h2').textContent()).toBe(`Begin a new conversation with ${name}?`);
    await question.getByRole('button', { name: 'No' }).click();
    await expect(question).toHaveCount(0);
  }
  expect(await detector.findings(page), 'asked about').toEqual([]);
  await served.goto(page.url());
  await chat.reload();
  expect(await detector.findings(page), 'read again').toEqual([]);
});

for (const { attacks, part } of PARTS) {
  test(`errors, ${part}`, async ({ chat, page, attack }) => {
    let asked = 0;
    const told = (texts: string[]) => withoutNul(texts.map((text, at) => `${text} ${at % 2 === 0 ? text : 'Try again, or choose another model.'}`));
    const { url, detector, served } = await attack({
      answer: ({ message: text }) =>
        asked++ % 2 === 0
          ? { refuse: 422, error: { code: text, message: text, action: text } }
          : [
              { type: 'token', content: text },
              { type: 'status_update', status: 'error', task_id: text, detail: text },
              { type: 'done', status: 'error' },
            ],
    });
    await chat.open(`${url}/llm`);
    for (const some of slices(attacks, PER_SESSION)) {
      const texts = some.map(({ text }) => sent(text).slice(0, 2_000));
      await page.evaluate(converse, texts);
      await expect(page.locator('.failure')).toHaveCount(some.length);
      // That an answer has ended the stream tells, why it failed the page asks for.
      await expect.poll(async () => withoutNul(await failures(page))).toEqual(told(texts));
      expect(await detector.findings(page), 'told as it happens').toEqual([]);
      await served.goto(page.url());
      expect(withoutNul(await failures(served))).toEqual(told(texts));
      expect(await detector.findings(served), 'as the server renders it').toEqual([]);
      await page.getByRole('button', { name: 'New conversation', exact: true }).click();
      await expect(chat.answers).toHaveCount(0);
    }
  });
}

test('the detector notices what runs, loads, leaves and is foreign', async ({ browser }) => {
  const url = 'https://unsafe.example';
  const guard = new Guard([url]);
  const detector = new Detector(guard, url);
  const context = await browser.newContext();
  await guard.watch(context);
  await detector.watch(context);
  await context.route(/^https?:/, route => route.abort());
  // Without any policy and any care: the string is the page.
  for (const category of new Set(ATTACKS.map(attack => attack.category))) {
    let page = await context.newPage();
    for (const { text } of ATTACKS.filter(attack => attack.category === category)) {
      const fill = () => page.setContent(`<!DOCTYPE html><body>${text}`, { waitUntil: 'commit' });
      await fill().catch(async () => {
        // The string before it is taking the page elsewhere.
        await page.close();
        page = await context.newPage();
        await fill();
      });
    }
    await page.close();
  }
  const page = await context.newPage();
  await context.route(url, route =>
    route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': "default-src 'none'" }, body: '<script>0</script>' }),
  );
  await page.goto(url);
  await page.evaluate(() => window.alert('x'));
  await page.evaluate(() => void window.open('about:blank'));
  await page.goto('data:text/html,gone');

  const found = await detector.findings(page);
  const ran = new Set(found.filter(what => / ran$/.test(what)));
  expect(ran.size, 'strings that ran').toBeGreaterThan(100);
  for (const kind of [
    /^element: <script/,
    /^element: <img/,
    /^element: <iframe/,
    /^attribute onerror: /,
    /^address: <a href="\W*java/,
    /^style: /,
    /^id: /,
    /^name: /,
    /^namespace: /,
    /^out of place: <meta/,
    /^frame: /,
    /^dialog: x/,
    /^window: /,
    /^gone to data:/,
    /CSP violation/,
    /^request to another host: /,
  ]) {
    expect.soft(found.some(what => kind.test(what)), String(kind)).toBe(true);
  }
  await context.close();
});
