// The streams that pages ask for, and those that are open.
import type { BrowserContext, Page, Request } from '@playwright/test';

export class Streams {
  /** When each was asked for, in milliseconds, and with which cursor. */
  readonly asked: { page: Page; at: number; after: string | null }[] = [];
  /** The answers' HTTP statuses, in the order in which they came. */
  readonly statuses: number[] = [];
  private readonly live = new Set<Request>();

  constructor(context: BrowserContext) {
    context.on('request', request => {
      const url = new URL(request.url());
      if (!url.pathname.startsWith('/api/chat/stream/')) return;
      this.live.add(request);
      this.asked.push({ page: request.frame().page(), at: Date.now(), after: url.searchParams.get('after') });
    });
    context.on('response', response => {
      if (this.live.has(response.request())) this.statuses.push(response.status());
    });
    context.on('requestfinished', request => this.live.delete(request));
    context.on('requestfailed', request => this.live.delete(request));
  }

  /** How many are open or on their way. */
  get open(): number {
    return this.live.size;
  }
}

/** Notes when a page opens its streams, by the page's own clock, for a busy machine tells us late. Call before it loads. */
export async function watchAttempts(page: Page): Promise<() => Promise<number[]>> {
  await page.addInitScript(() => {
    const attempts: number[] = [];
    (window as unknown as { attempts: number[] }).attempts = attempts;
    window.EventSource = class extends EventSource {
      constructor(url: string | URL, init?: EventSourceInit) {
        attempts.push(performance.now());
        super(url, init);
      }
    };
  });
  return () => page.evaluate(() => (window as unknown as { attempts: number[] }).attempts);
}
