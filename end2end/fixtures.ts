// What every test stands on: a running server, pages that are watched, and the means to start more of either.
import { test as base, expect, type BrowserContext } from '@playwright/test';
import { Chat } from './support/chat.ts';
import { Guard } from './support/guard.ts';
import { Parley, type Environment } from './support/parley.ts';
import { Provider } from './support/provider.ts';

interface TestFixtures {
  /** Fails the test for anything its pages complain about. */
  guard: Guard;
  /** The page of the first visitor. */
  chat: Chat;
  /** Starts a server of the test's own, which it may stop, kill and start again. */
  startParley: (environment?: Environment) => Promise<Parley>;
  startProvider: (latency: number) => Promise<Provider>;
  /** Another person, with a browser of their own. */
  newVisitor: () => Promise<BrowserContext>;
}

interface WorkerFixtures {
  /** The server that the tests of a worker share; each test is a new visitor to it. */
  parley: Parley;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  parley: [
    async ({}, use) => {
      const parley = await Parley.start();
      await use(parley);
      await parley.remove();
    },
    { scope: 'worker' },
  ],

  baseURL: async ({ parley }, use) => use(parley.url),

  guard: async ({ parley }, use) => {
    const guard = new Guard([parley.url]);
    await use(guard);
    expect(guard.complaints(), 'what the pages complained about').toEqual([]);
  },

  context: async ({ context, guard }, use) => {
    await guard.watch(context);
    await use(context);
  },

  chat: async ({ page }, use) => use(new Chat(page)),

  startParley: async ({ guard }, use, info) => {
    const started: Parley[] = [];
    await use(async environment => {
      const parley = await Parley.start(environment);
      guard.admit(parley.url);
      started.push(parley);
      return parley;
    });
    guard.rest();
    for (const [number, parley] of started.entries()) {
      if (info.status !== info.expectedStatus) await info.attach(`parley-${number}.log`, { body: parley.log });
      await parley.remove();
    }
  },

  startProvider: async ({}, use) => {
    const started: Provider[] = [];
    await use(async latency => {
      const provider = await Provider.start(latency);
      started.push(provider);
      return provider;
    });
    for (const provider of started) await provider.stop();
  },

  newVisitor: async ({ browser, guard, baseURL }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL });
      await guard.watch(context);
      contexts.push(context);
      return context;
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };
