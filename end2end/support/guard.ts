// Watches everything a browser says, and takes any complaint for a failure.
import type { BrowserContext } from '@playwright/test';

/** What a page says of a server that was taken away. */
export const SERVER_WENT_AWAY = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|Failed to fetch|Failed to load resource/;

export class Guard {
  private readonly problems: string[] = [];
  private readonly allowed: RegExp[] = [];
  private readonly hosts: Set<string>;
  private resting = false;

  constructor(urls: string[]) {
    this.hosts = new Set(urls.map(url => new URL(url).host));
  }

  /** Lets the pages ask one more server. */
  admit(url: string): void {
    this.hosts.add(new URL(url).host);
  }

  /** For what the test itself brings about, such as the refused connections of a server it has taken away. */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /** The test is over; what the pages say while their servers go away is of no interest. */
  rest(): void {
    this.resting = true;
  }

  async watch(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', event => {
        console.error(`CSP violation: ${event.violatedDirective} by ${event.blockedURI || event.sample}`);
      });
    });
    context.on('console', message => {
      if (!['error', 'warning'].includes(message.type())) return;
      this.note(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', event => this.note(`uncaught: ${event.error().stack ?? event.error().message}`));
    context.on('request', request => {
      const url = new URL(request.url());
      if (/^(https?|wss?):$/.test(url.protocol) && !this.hosts.has(url.host)) {
        this.note(`request to another host: ${request.url()}`);
      }
    });
  }

  private note(problem: string): void {
    if (!this.resting) this.problems.push(problem);
  }

  complaints(): string[] {
    return this.problems.filter(problem => !this.allowed.some(pattern => pattern.test(problem)));
  }
}
