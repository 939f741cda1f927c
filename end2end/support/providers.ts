// Two providers that speak all four dialects, each with a Parley that asks them, for the tests of a worker.
import { test as base } from '../fixtures.ts';
import { Api } from './chat.ts';
import { Parley } from './parley.ts';
import { Provider } from './provider.ts';
import { Speaker } from './speaker.ts';

interface TestFixtures {
  /** The independent implementation of the dialects, and somebody who asks it. */
  mocked: { provider: Provider; parley: Parley; api: Api };
  /** The few lines of our own, and somebody who asks them. */
  spoken: { speaker: Speaker; parley: Parley; api: Api };
}

interface WorkerFixtures {
  mock: { provider: Provider; parley: Parley };
  speech: { speaker: Speaker; parley: Parley };
}

/** What is logged is looked at, too. */
const TALKATIVE = { RUST_LOG: 'debug' };

export const test = base.extend<TestFixtures, WorkerFixtures>({
  mock: [
    async ({}, use) => {
      const provider = await Provider.start(0);
      const parley = await Parley.start({ ...provider.environment(), ...TALKATIVE });
      await use({ provider, parley });
      await parley.remove();
      await provider.stop();
    },
    { scope: 'worker' },
  ],

  speech: [
    async ({}, use) => {
      const speaker = await Speaker.start();
      const parley = await Parley.start({ ...speaker.environment, ...TALKATIVE });
      await use({ speaker, parley });
      await parley.remove();
      await speaker.stop();
    },
    { scope: 'worker' },
  ],

  mocked: async ({ mock }, use) => use({ ...mock, api: await Api.stranger(mock.parley.url) }),
  spoken: async ({ speech }, use) => use({ ...speech, api: await Api.stranger(speech.parley.url) }),
});
