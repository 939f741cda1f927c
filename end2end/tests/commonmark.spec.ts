// Every example of the CommonMark specification, as the answer of an agent: streamed into the page, and as the server
// renders it. Where Parley means to differ, support/reference.ts says how.
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { answerOf } from '../support/gateway.ts';
import { compare, type Example } from '../support/reference.ts';

interface Numbered extends Example {
  number: number;
  section: string;
}

// A CommonJS package without types.
const { tests } = createRequire(import.meta.url)('commonmark-spec') as { tests: Numbered[] };
// The specification shows tabs as arrows.
const withTabs = (text: string) => text.replaceAll('→', '\t');
const EXAMPLES = tests.map(example => ({ ...example, markdown: withTabs(example.markdown), html: withTabs(example.html) }));

// What matters is the tree, and 652 answers are to be there soon: nothing is filmed, and little is painted.
test.use({ trace: 'off', viewport: { width: 480, height: 360 }, contextOptions: { reducedMotion: 'reduce' } });

/** The page that the server renders shows the last twenty messages. */
const PER_SESSION = 10;

/** Asks one question after the other, as fast as the answers are there. Runs in the page. */
async function ask(questions: string[]): Promise<void> {
  const field = document.querySelector<HTMLTextAreaElement>('#message')!;
  for (const [at, question] of questions.entries()) {
    field.value = question;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    const deadline = performance.now() + 20_000;
    for (;;) {
      const answers = document.querySelectorAll('article[data-message-type="assistant"]');
      const status = answers[at]?.getAttribute('data-status');
      if (status === 'complete') break;
      if ((status && status !== 'streaming') || performance.now() > deadline) throw new Error(`${question}: ${status ?? 'not sent'}`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}

/** What the answers show, block by block: here, and as the server renders them. Runs in the page. */
async function read(): Promise<{ streamed: string[][]; served: string[][] }> {
  const blocks = (root: ParentNode) =>
    [...root.querySelectorAll('article[data-message-type="assistant"] .body')].map(body =>
      // Without the marks by which the page finds its own places again; a comment of the answer's own would be text.
      [...body.querySelectorAll(':scope > .rendered > *')].map(block => block.outerHTML.replaceAll(' data-waits=""', '')),
    );
  const served = await (await fetch(location.href)).text();
  return { streamed: blocks(document), served: blocks(new DOMParser().parseFromString(served, 'text/html')) };
}

/** Has the answers from `first` up to `end` given in the session that is about to begin, and tells what they show. */
async function rendered(page: Page, first: number, end: number): Promise<string[]> {
  const questions = Array.from({ length: end - first }, (_, at) => String(first + at));
  await page.evaluate(ask, questions);
  await expect(page).toHaveURL(/\/llm\/[0-9a-f-]{36}$/);
  let shown: string[] = [];
  // At the end of an answer the page reads the session once more, for a link may be defined after its use.
  await expect(async () => {
    const { streamed, served } = await page.evaluate(read);
    expect(served).toHaveLength(questions.length);
    expect(streamed, 'what was streamed, and what the server renders').toEqual(served);
    shown = served.map(blocks => blocks.join(''));
  }).toPass({ timeout: 10_000, intervals: [50, 100, 200] });
  return shown;
}

const part = (first: string, last: string) =>
  EXAMPLES.slice(
    EXAMPLES.findIndex(({ section }) => section === first),
    EXAMPLES.findLastIndex(({ section }) => section === last) + 1,
  );
const inHttps = (text: string) => text.replaceAll(/\/ur[li]/g, 'https://a.example$&');

const PARTS: Record<string, Numbered[]> = {
  'characters, headings, breaks and indented code': part('Tabs', 'Indented code blocks'),
  'fences, raw HTML, definitions and paragraphs': part('Fenced code blocks', 'Blank lines'),
  'quotes and lists': part('Block quotes', 'Lists'),
  'code spans and emphasis': part('Inlines', 'Emphasis and strong emphasis'),
  'links, images, inline HTML and breaks': part('Links', 'Textual content'),
  // The specification links to paths, which stay text here. What it says of links is said once more of addresses that
  // may be linked.
  'links to where they may lead': EXAMPLES.filter(({ markdown }) => inHttps(markdown) !== markdown).map(example => ({
    ...example,
    markdown: inHttps(example.markdown),
    html: inHttps(example.html),
  })),
};

for (const [name, examples] of Object.entries(PARTS)) {
  test(name, async ({ chat, page, context, startGateway, startParley }, info) => {
    test.setTimeout(180_000);
    expect(examples.length).toBeGreaterThan(90);
    const gateway = await startGateway({ answer: ({ message }) => answerOf(examples[Number(message)]!.markdown, 4) });
    const parley = await startParley(gateway.environment);
    // Colours are no part of the specification.
    await page.route('**/fn/highlight', route => {
      const { blocks } = route.request().postDataJSON() as { blocks: unknown[] };
      return route.fulfill({ json: blocks.map(() => null) });
    });
    const parser = await context.newPage();
    await page.bringToFront();
    await chat.open(`${parley.url}/llm`);

    const needed = new Map<string, number[]>();
    for (let at = 0; at < examples.length; at += PER_SESSION) {
      const end = Math.min(at + PER_SESSION, examples.length);
      for (const [index, shown] of (await rendered(page, at, end)).entries()) {
        const { number, section, markdown, html } = examples[at + index]!;
        const outcome = await parser.evaluate(compare, { markdown, html, shown });
        for (const rule of outcome.rules) needed.set(rule, [...(needed.get(rule) ?? []), number]);
        expect.soft(outcome.shown, `example ${number} (${section}): ${JSON.stringify(markdown)}`).toBe(outcome.expected);
      }
      await page.getByRole('button', { name: 'New', exact: true }).click();
      await expect(chat.answers).toHaveCount(0);
    }
    for (const [rule, numbers] of needed) info.annotations.push({ type: rule, description: numbers.join(' ') });
    console.log(`${name}\n${[...needed].map(([rule, numbers]) => `  ${rule}: ${numbers.join(' ')}`).join('\n')}`);
  });
}

/** Frames come when they are asked for, as in a tab that goes to the background and comes back. Runs in the page. */
function holdFrames(): void {
  const paint = window.requestAnimationFrame.bind(window);
  const due: FrameRequestCallback[] = [];
  let isHidden = false;
  window.requestAnimationFrame = callback => (isHidden ? due.push(callback) : paint(callback));
  Object.assign(window, {
    hide: () => (isHidden = true),
    show: () => {
      isHidden = false;
      for (const callback of due.splice(0)) paint(callback);
    },
  });
}

test('a page that is painted only after the end of the answer shows the same', async ({ chat, page, startGateway, startParley }) => {
  await page.addInitScript(holdFrames);
  const gateway = await startGateway({ answer: () => answerOf('[there]: https://a.example/\n\nIt is [there].', 4) });
  const parley = await startParley(gateway.environment);
  await chat.open(`${parley.url}/llm`);
  await page.evaluate('hide()');
  await chat.say('Where is it?');
  await chat.ends('complete');
  // The share of the context window is known only once the page has read the session again.
  await expect(chat.lastAnswer.locator('.sum')).toContainText('%');
  const link = chat.lastText.getByRole('link', { name: 'there' });
  await page.evaluate('show()');
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await expect(link).toBeVisible();
});

test('colours that come between a piece and its frame lose nothing of it', async ({ chat, page, startGateway, startParley }) => {
  await page.addInitScript(holdFrames);
  let goOn = () => {};
  const gate = new Promise<void>(resolve => (goOn = resolve));
  async function* answer() {
    yield { type: 'token' as const, content: '```rust\nlet one = 1;\n```\n\nfirst' };
    await gate;
    yield* answerOf(' and second');
  }
  let colour = () => {};
  const asked = new Promise<void>(isAsked =>
    page.route('**/fn/highlight', async route => {
      isAsked();
      await new Promise<void>(resolve => (colour = resolve));
      await route.continue();
    }),
  );
  const gateway = await startGateway({ answer });
  const parley = await startParley(gateway.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Count.');
  await expect(chat.lastText.getByText('first')).toBeVisible();
  await asked;
  await page.evaluate('hide()');
  goOn();
  await chat.ends('complete');
  colour();
  await expect(chat.lastText.locator('.c-keyword')).toHaveText('let');
  await page.evaluate('show()');
  await expect(chat.lastText.getByText('first and second')).toBeVisible();
});
