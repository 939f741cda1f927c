// What every test stands on: a running server, pages that are watched, and the means to start more of either.
import { test as base, expect, type BrowserContext } from '@playwright/test';
import { Alone } from './support/alone.ts';
import { Chat } from './support/chat.ts';
import { Gateway, type Script } from './support/gateway.ts';
import { Guard } from './support/guard.ts';
import { Hierarchy } from './support/hierarchy.ts';
import { Parley, type Environment } from './support/parley.ts';
import { Provider } from './support/provider.ts';
import { Wire } from './support/wire.ts';

interface TestFixtures {
  /** Fails the test for anything its pages complain about. */
  guard: Guard;
  /** The page of the first visitor. */
  chat: Chat;
  /** Starts a server of the test's own, which it may stop, kill and start again. */
  startParley: (environment?: Environment) => Promise<Parley>;
  /** `latency`: milliseconds between pieces of ten characters; `silence`: before the first of them. */
  startProvider: (latency: number, silence?: number) => Promise<Provider>;
  /** A provider whose model delegates: `startParley(hierarchy.environment)`. */
  hierarchy: Hierarchy;
  /** A Gateway that answers as the script says: `startParley(gateway.environment)`. */
  startGateway: (script?: Script) => Promise<Gateway>;
  /** `parley gateway`, in a process of its own: `startParley(alone.environment)`. */
  startAlone: (environment?: Environment) => Promise<Alone>;
  /** A line to a server, which can be cut. */
  startWire: (parley: Parley) => Promise<Wire>;
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

  // Leans on the providers and the Gateways, so that the servers go first: a provider waits at its end for every
  // connection to it, and a client may keep one that it never used.
  startParley: async ({ guard, startProvider: _, startGateway: __ }, use, info) => {
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
    await use(async (latency, silence) => {
      const provider = await Provider.start(latency, silence);
      started.push(provider);
      return provider;
    });
    for (const provider of started) await provider.stop();
  },

  hierarchy: async ({}, use) => {
    const hierarchy = await Hierarchy.start();
    await use(hierarchy);
    await hierarchy.stop();
  },

  startGateway: async ({}, use) => {
    const started: Gateway[] = [];
    await use(async script => {
      const gateway = await Gateway.start(script);
      started.push(gateway);
      return gateway;
    });
    for (const gateway of started) await gateway.stop();
  },

  startAlone: async ({}, use) => {
    const started: Alone[] = [];
    await use(async environment => {
      const alone = await Alone.start(environment);
      started.push(alone);
      return alone;
    });
    for (const alone of started) alone.stop();
  },

  startWire: async ({ guard }, use) => {
    const started: Wire[] = [];
    await use(async parley => {
      const wire = await Wire.to(parley.url);
      guard.admit(wire.url);
      started.push(wire);
      return wire;
    });
    guard.rest();
    for (const wire of started) await wire.cut();
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
