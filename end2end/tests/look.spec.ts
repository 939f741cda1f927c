// The states of the page at three widths in both themes: nothing overflows, everything can be read; the pictures are
// for people to look at (end2end/screenshots).
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '../fixtures.ts';
import { Chat } from '../support/chat.ts';
import { answerOf, MODELS, type Answer, type Model } from '../support/gateway.ts';
import { SERVER_WENT_AWAY } from '../support/guard.ts';
import type { Parley } from '../support/parley.ts';

const WIDTHS = [1440, 768, 360];
const THEMES = ['dark', 'light'] as const;

const STATES: Record<string, (chat: Chat) => Promise<void>> = {
  empty: async () => {},
  chat: async chat => {
    await chat.sayAndWait('Plan how we track user logins');
  },
  agents: async chat => {
    await chat.page.getByRole('button', { name: /^Agent:/ }).click();
    await expect(chat.page.getByRole('option').first()).toBeVisible();
  },
  palette: async chat => {
    await chat.sayAndWait('Plan how we track user logins');
    await chat.page.keyboard.press('Control+k');
    await expect(chat.page.getByRole('option').first()).toBeVisible();
  },
  keys: async chat => {
    await chat.composer.blur();
    await chat.page.keyboard.press('?');
    await expect(chat.page.getByRole('dialog')).toBeVisible();
  },
  'usage-empty': async chat => {
    await chat.open('/usage?range=all');
  },
  error: async chat => {
    await chat.say('/fail');
    await chat.ends('error');
  },
};

const RICH = `## What I found

The list reads **every row** before it shows the first. See [the guide](https://guide.example/paging).

1. Page by cursor, not by offset.
2. Add the index below.
   - [x] measured
   - [ ] shipped

| Query | Before | After |
|:--|--:|--:|
| first page | 412 ms | 3 ms |
| page 500 | 1,930 ms | 3 ms |

\`\`\`rust
/// The sessions after \`cursor\`, newest first.
pub async fn page(pool: &Pool, cursor: Option<Cursor>) -> Result<Vec<Session>, Error> {
    let limit = 50; // one screen and a half
    sqlx::query_as("select * from sessions where updated_at < $1 limit $2")
        .bind(cursor.map_or(i64::MAX, |cursor| cursor.updated_at))
        .bind(limit)
        .fetch_all(pool)
        .await
}
\`\`\`

> An offset of a million reads a million rows to throw them away.
`;

const node = (task_id: string, parent_task_id: string | undefined, agent_id: string, status: 'executing' | 'complete', detail: string, tokens = 0) => ({
  type: 'status_update' as const, task_id, parent_task_id, agent_id, status, detail,
  ...(tokens ? { usage: { prompt_tokens: tokens, completion_tokens: tokens, total_tokens: 2 * tokens }, cost_usd: tokens / 100_000 } : {}),
});
const never = new Promise<never>(() => {});

const lab = { provider: 'lab', provider_name: 'Lab vLLM', context_window: 131_072, cost_per_1m_input: 0, cost_per_1m_output: 0 };
/** Models that somebody has asked. */
const IN_A_STATE: Model[] = [
  { ...lab, model_id: 'lab/qwen3-coder', model_name: 'qwen3-coder', health: { state: 'healthy', at: '2026-01-31T10:24:00Z' } },
  { ...lab, model_id: 'lab/llama-3.3-70b', model_name: 'llama-3.3-70b', health: { state: 'failing', at: '2026-01-31T10:21:00Z', detail: 'Lab vLLM answered 503 Service Unavailable: the model is still being loaded.' } },
];

/** What the scripted Gateway answers to these messages; to any other, the rich answer. */
const ANSWERS: Record<string, () => Answer> = {
  'Where is the time lost?': () => [{ type: 'status_update', status: 'executing', detail: 'Writing the query' }, ...RICH.slice(0, 560).match(/.{1,9}/gs)!.map(content => ({ type: 'token' as const, content })), { hold: never }],
  'Rename the column': () => [{ type: 'token', content: 'I would **rename the column** in three steps, each of which can be taken back.' }, { type: 'status_update', status: 'awaiting_approval', task_id: 't', detail: 'Waiting for your word' }, { hold: never }],
  'Build the migration, and describe it': () => [
    node('t1', undefined, 'architect', 'executing', 'Putting the parts together', 900),
    node('t2', 't1', 'dir-code', 'executing', 'Directing two parts'),
    node('t3', 't2', 'mgr-backend', 'complete', 'The migration is written', 640),
    node('t4', 't3', 'prog-rust', 'complete', 'Migration and its test', 1_250),
    node('t5', 't1', 'dir-docs', 'executing', 'Describing the change'),
    { type: 'token', content: 'The migration is done; the description is being written.' },
    { hold: never },
  ],
};

const TITLES = ['The slow list', 'Retries and time-outs', 'A plan for the migration', 'Names in the wire format'];

const SCRIPTED: Record<string, (chat: Chat, parley: Parley) => Promise<void>> = {
  long: async chat => chat.sayAndWait('Why is the list slow?'),
  streaming: async chat => {
    await chat.say('Where is the time lost?');
    await chat.streaming(300);
  },
  approval: async chat => {
    await chat.say('Rename the column');
    await expect(chat.page.getByRole('button', { name: 'Approve' })).toBeVisible();
  },
  undecided: async (chat, parley) => {
    await chat.say('Rename the column');
    await expect(chat.page.getByRole('button', { name: 'Approve' })).toBeVisible();
    await parley.stop();
    await parley.launch();
    await chat.reload();
    await expect(chat.lastAnswer).toContainText('Parley was restarted while this plan waited.');
  },
  delegation: async chat => {
    await chat.say('Build the migration, and describe it');
    await expect(chat.lastAnswer.getByRole('listitem')).toHaveCount(5);
  },
  versions: async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.lastAnswer.getByRole('button', { name: 'Regenerate' }).click();
    await chat.ends('complete');
    await expect(chat.lastAnswer.getByRole('group', { name: 'Versions' })).toContainText('2 / 2');
  },
  edit: async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.questions.first().hover();
    await chat.questions.first().getByRole('button', { name: 'Edit message' }).click();
  },
  gauge: async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.page.locator('.gauge > summary').click();
    await expect(chat.page.locator('.breakdown')).toBeInViewport({ ratio: 1 });
  },
  models: async chat => {
    const picker = chat.page.getByRole('button', { name: /^Model:/ });
    await picker.click();
    await chat.page.getByRole('option', { name: 'llama' }).click();
    await picker.click();
    await expect(chat.page.getByRole('option').first()).toBeVisible();
  },
  history: async chat => {
    for (const title of TITLES) {
      await chat.open('/llm');
      await chat.sayAndWait(title);
    }
  },
  usage: async chat => {
    for (const title of ['Why is the list slow?', 'A plan for the migration', 'Names in the wire format, and why they are the same everywhere']) {
      await chat.open('/llm');
      await chat.sayAndWait(title);
    }
    await chat.open('/usage?range=7d');
    await chat.page.getByRole('slider').focus();
    await expect(chat.page.locator('.tip')).toBeVisible();
  },
  menu: async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.page.getByRole('button', { name: /^Actions for/ }).first().click();
    await expect(chat.page.locator('.row-menu')).toBeInViewport({ ratio: 1 });
  },
  search: async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.page.getByRole('searchbox').fill('list');
    await expect(chat.page.locator('.findings mark').first()).toBeVisible();
  },
  'palette-search': async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.page.keyboard.press('Control+k');
    await chat.page.keyboard.type('list');
    await expect(chat.page.locator('.options mark').first()).toBeVisible();
  },
  'all-none': async chat => {
    await chat.page.goto('/history');
    await chat.hydrated();
  },
  all: async chat => {
    for (const title of TITLES) {
      await chat.open('/llm');
      await chat.sayAndWait(title);
    }
    await chat.page.goto('/history');
    await chat.hydrated();
    await chat.page.getByRole('checkbox', { name: `Select ${TITLES[1]}` }).click();
    await chat.page.getByRole('checkbox', { name: `Select ${TITLES[3]}` }).click({ modifiers: ['Shift'] });
    await expect(chat.page.getByRole('toolbar')).toBeVisible();
  },
  toast: async chat => {
    await chat.sayAndWait('Why is the list slow?');
    await chat.page.keyboard.press('Control+k');
    await chat.page.keyboard.type('clear');
    await chat.page.keyboard.press('Enter');
    await expect(chat.page.locator('.toast')).toBeVisible();
  },
  missing: async chat => {
    await chat.page.goto('/llm/00000000-0000-4000-8000-000000000000');
    await chat.hydrated();
  },
};

test.use({ contextOptions: { reducedMotion: 'reduce' }, viewport: { width: 1440, height: 900 } });

async function look(chat: Chat, state: string, theme: string): Promise<void> {
  const { page } = chat;
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await expect(page.locator('main')).toBeVisible();
    await page.screenshot({ path: `screenshots/${state}-${theme}-${width}.png`, animations: 'disabled' });
    const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    expect(needed, `width needed at ${width}`).toBeLessThanOrEqual(given);

    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 160)).join(' | ')}`);
    expect.soft(found, `accessibility at ${width}`).toEqual([]);
  }
}

for (const theme of THEMES) {
  for (const [state, bring] of Object.entries(STATES)) {
    test(`${state}, ${theme}`, async ({ chat, page }) => {
      await page.emulateMedia({ colorScheme: theme });
      await chat.open('/llm');
      await chat.setTheme(theme);
      await bring(chat);
      await look(chat, state, theme);
    });
  }

  test.describe(`with a scripted Gateway, ${theme}`, () => {
    for (const [state, bring] of Object.entries(SCRIPTED)) {
      test(state, async ({ guard, startGateway, startParley, browser }) => {
        guard.allow(/404/); // the conversation that is not there
        if (state === 'undecided') guard.allow(SERVER_WENT_AWAY);
        const gateway = await startGateway({
          models: [...MODELS, ...IN_A_STATE],
          answer: ({ message }) => ANSWERS[message]?.() ?? answerOf(RICH),
        });
        const parley = await startParley({ GATEWAY_URL: gateway.url });
        const context = await browser.newContext({ baseURL: parley.url, reducedMotion: 'reduce', colorScheme: theme, viewport: { width: 1440, height: 900 } });
        await guard.watch(context);
        const visitor = new Chat(await context.newPage());
        await visitor.open('/llm');
        await visitor.setTheme(theme);
        await bring(visitor, parley);
        await look(visitor, state, theme);
        await context.close();
      });
    }
  });
}
