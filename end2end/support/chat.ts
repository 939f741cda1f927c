// What a person does on the page, and sees there.
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';

/** What the agent wrote, without what stands there while it has written nothing. Runs in the page. */
function textLength(body: HTMLElement | SVGElement): number {
  return body.querySelector('.typing') ? 0 : (body.textContent ?? '').trim().length;
}

export class Chat {
  readonly composer: Locator;
  readonly send: Locator;
  readonly stop: Locator;
  readonly questions: Locator;
  readonly answers: Locator;
  readonly lastAnswer: Locator;
  readonly lastText: Locator;
  readonly conversations: Locator;
  readonly reconnecting: Locator;
  readonly notice: Locator;

  constructor(readonly page: Page) {
    this.composer = page.getByRole('textbox', { name: 'Message' });
    this.send = page.getByRole('button', { name: 'Send' });
    this.stop = page.getByRole('button', { name: 'Stop' });
    this.questions = page.locator('[data-message-type="user"]');
    this.answers = page.locator('article[data-message-type="assistant"]');
    this.lastAnswer = this.answers.last();
    this.lastText = this.lastAnswer.locator('.body');
    this.reconnecting = page.locator('.reconnecting');
    this.notice = page.locator('.notice');
    this.conversations = page.locator('nav[aria-label="Conversations"] a');
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.hydrated();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.hydrated();
  }

  /** Before this, what is typed and clicked reaches nobody. */
  async hydrated(): Promise<void> {
    await expect(this.page.locator('html')).toHaveAttribute('data-hydrated', 'true', { timeout: 45_000 });
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await expect(this.questions.last()).toContainText(text);
  }

  /** Waits for the last answer to end as it should; approves what it asks to have approved. */
  async ends(status: 'complete' | 'error' | 'cancelled' | 'interrupted', timeout = 60_000): Promise<void> {
    const approve = this.lastAnswer.getByRole('button', { name: 'Approve' });
    await expect(async () => {
      if (await approve.isVisible()) await approve.click({ timeout: 1_000 });
      await expect(this.lastAnswer).toHaveAttribute('data-status', status, { timeout: 1_000 });
    }).toPass({ timeout });
  }

  async sayAndWait(text: string): Promise<void> {
    await this.say(text);
    await this.ends('complete');
  }

  /** Waits until the last answer, still being written, has some text. */
  async streaming(characters = 1): Promise<void> {
    await expect(this.lastAnswer).toHaveAttribute('data-status', 'streaming');
    const length = () => this.lastText.evaluate(textLength);
    await expect.poll(length).toBeGreaterThanOrEqual(characters);
  }

  /** Notes each length that the last answer's text has; call before sending. */
  async recordGrowth(): Promise<() => Promise<number[]>> {
    await this.page.evaluate(() => {
      const lengths: number[] = [];
      (window as unknown as { lengths: number[] }).lengths = lengths;
      new MutationObserver(() => {
        const body = [...document.querySelectorAll('article[data-message-type="assistant"] .body')].at(-1);
        if (!body || body.querySelector('.typing')) return;
        const length = body.textContent?.length ?? 0;
        if (length !== lengths.at(-1)) lengths.push(length);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    return () => this.page.evaluate(() => (window as unknown as { lengths: number[] }).lengths);
  }

  /** Notes whether anything that matches is ever on the page, however briefly; call before it could be. */
  async watchFor(selector: string): Promise<() => Promise<boolean>> {
    const sighting = await this.page.evaluateHandle(selector => {
      const sighting = { seen: document.querySelector(selector) !== null };
      new MutationObserver(() => {
        if (document.querySelector(selector)) sighting.seen = true;
      }).observe(document.body, { subtree: true, childList: true });
      return sighting;
    }, selector);
    return () => sighting.evaluate(({ seen }) => seen);
  }

  /** Turns to the page, as a person does who was elsewhere. Headless pages all believe to be in front. */
  async lookAgain(): Promise<void> {
    await this.page.evaluate(() => window.dispatchEvent(new Event('focus')));
  }

  async chooseModel(name: string): Promise<void> {
    await this.page.getByRole('button', { name: /^Model:/ }).click();
    await this.page.getByRole('option', { name }).first().click();
    await expect(this.page.getByRole('button', { name: /^Model:/ })).toHaveAccessibleName(new RegExp(name));
  }

  async setTheme(theme: 'dark' | 'light'): Promise<void> {
    const html = this.page.locator('html');
    const button = this.page.getByRole('button', { name: /^Theme/ });
    // The button goes round system, dark and light, in whichever order.
    await expect(async () => {
      if ((await html.getAttribute('data-theme')) !== theme) await button.click();
      await expect(html).toHaveAttribute('data-theme', theme, { timeout: 500 });
    }).toPass();
  }

  get sessionId(): string {
    const id = /\/llm\/([0-9a-f-]{36})$/.exec(new URL(this.page.url()).pathname)?.[1];
    if (!id) throw new Error(`${this.page.url()} is not a conversation`);
    return id;
  }

  async conversationOpened(): Promise<string> {
    await expect(this.page).toHaveURL(/\/llm\/[0-9a-f-]{36}$/);
    return this.sessionId;
  }
}

/** Calls the API as the person whose browser this is, but without the page: a refusal is no complaint of the page's. */
export class Api {
  private constructor(
    private readonly url: string,
    private readonly cookie: string,
    private readonly token: string,
  ) {}

  static async of(context: BrowserContext, url: string): Promise<Api> {
    const cookies = await context.cookies();
    const cookie = cookies
      .filter(({ domain }) => domain === new URL(url).hostname)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    expect(cookie, 'the visitor has an identity').not.toBe('');
    const answer = await fetch(`${url}/api/csrf`, { headers: { cookie } });
    const { csrf_token } = (await answer.json()) as { csrf_token: string };
    return new Api(url, cookie, csrf_token);
  }

  /** Calls it as somebody new, who has no page. */
  static async stranger(url: string): Promise<Api> {
    const answer = await fetch(`${url}/api/csrf`);
    const cookie = answer.headers.getSetCookie().map(cookie => cookie.replace(/;.*/, '')).join('; ');
    const { csrf_token } = (await answer.json()) as { csrf_token: string };
    return new Api(url, cookie, csrf_token);
  }

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.url + path, {
      method,
      headers: {
        cookie: this.cookie,
        'x-csrf-token': this.token,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.call('GET', path);
    expect(answer.status, path).toBe(200);
    return (await answer.json()) as T;
  }

  async post<T>(path: string, body?: unknown): Promise<T> {
    const answer = await this.call('POST', path, body);
    expect([200, 202], `${path} answers ${answer.status}`).toContain(answer.status);
    return (await answer.json()) as T;
  }
}
