// Both Gateways keep the contract: the embedded one, running alone, and the scripted one that the other tests talk to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test, expect } from '../fixtures.ts';
import { Alone } from '../support/alone.ts';
import { MODELS, answerOf, type Step, type TurnEvent } from '../support/gateway.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const CHECKS = 11;

/** What the suite says of the Gateway at that address; it ends with code 0 where all is well. */
async function conformance(url: string, token = ''): Promise<{ code: number; said: string }> {
  const suite = spawn(process.execPath, ['--import', './bench/typescript.mjs', 'conformance/gateway.ts'], {
    cwd: folder,
    env: { ...process.env, GATEWAY_URL: url, GATEWAY_TOKEN: token },
  });
  let said = '';
  suite.stdout.on('data', piece => (said += piece));
  suite.stderr.on('data', piece => (said += piece));
  const [code] = (await once(suite, 'close')) as [number];
  return { code, said };
}

test('the embedded Gateway, alone, keeps the contract', async () => {
  const gateway = await Alone.start();
  try {
    const { code, said } = await conformance(gateway.url, Alone.TOKEN);
    expect(code, said).toBe(0);
    expect(said).toContain(`# pass ${CHECKS}\n`);
  } finally {
    gateway.stop();
  }
});

test('the scripted Gateway keeps the contract, with a token and with comments in the silence', async ({ startGateway }) => {
  async function* slowly(): AsyncGenerator<Step> {
    for (const event of answerOf('Hello there.', 3)) {
      yield event;
      yield { pause: 20 };
    }
  }
  const good = await startGateway({ strict: true, token: 'right', keepAlive: 5, answer: () => slowly() });
  const { code, said } = await conformance(good.url, 'right');
  expect(code, said).toBe(0);
  expect(said).toContain(`# pass ${CHECKS}\n`);
});

test('a Gateway that breaks the contract is told where', async ({ startGateway }) => {
  const wrong = { type: 'usage', usage: { prompt_tokens: '120', completion_tokens: 34 }, cost_usd: 0 } as unknown as TurnEvent;
  const model = { ...MODELS[0]!, cost_per_1m_input: '3 dollars' as unknown as number };
  // Its first answer has a field of the wrong type, and those after it never end, so whoever asks is told.
  let asked = 0;
  const broken = await startGateway({
    strict: true,
    models: [model],
    answer: () => [{ type: 'token', content: 'Well' }, ...(asked++ ? [] : [wrong])],
  });
  const { code, said } = await conformance(broken.url);
  expect(code).not.toBe(0);
  for (const told of [
    '200 to GET /models: /models/0/cost_per_1m_input must be number,null',
    "UsageEvent: /usage must have required property 'total_tokens', /usage/prompt_tokens must be integer",
    'done',
  ]) {
    expect(said).toContain(told);
  }
});
