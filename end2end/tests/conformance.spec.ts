// Both Gateways keep the contract: the embedded one, running alone, and the scripted one that the other tests talk to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test, expect } from '../fixtures.ts';
import { answerOf } from '../support/gateway.ts';
import { binary } from '../support/parley.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** What the suite says of the Gateway at that address; it ends with code 0 where all is well. */
async function conformance(url: string): Promise<{ code: number; said: string }> {
  const suite = spawn(process.execPath, ['--import', './bench/typescript.mjs', 'conformance/gateway.ts'], {
    cwd: folder,
    env: { ...process.env, GATEWAY_URL: url },
  });
  let said = '';
  suite.stdout.on('data', piece => (said += piece));
  suite.stderr.on('data', piece => (said += piece));
  const [code] = (await once(suite, 'close')) as [number];
  return { code, said };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('the embedded Gateway, alone, keeps the contract', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const gateway = spawn(binary, ['gateway', '--addr', address], {
    // The discard port: nothing listens there.
    env: { PATH: process.env.PATH, OLLAMA_HOST: 'http://127.0.0.1:9', PARLEY_REHEARSAL_DELAY_MS: '2' },
    stdio: 'ignore',
  });
  try {
    const isUp = () => fetch(`http://${address}/health`).then(answer => answer.ok, () => false);
    await expect.poll(isUp, { timeout: 15_000 }).toBe(true);
    const { code, said } = await conformance(`http://${address}`);
    expect(code, said).toBe(0);
    expect(said).toContain('# pass 8');
  } finally {
    gateway.kill();
  }
});

test('the scripted Gateway keeps the contract, and a broken one does not', async ({ startGateway }) => {
  async function* slowly() {
    for (const event of answerOf('Hello there.', 3)) {
      yield event;
      yield { pause: 20 };
    }
  }
  const good = await startGateway({ strict: true, answer: () => slowly() });
  const { code, said } = await conformance(good.url);
  expect(code, said).toBe(0);

  // Its answers never end, so whoever asks is told.
  const broken = await startGateway({ strict: true, answer: () => [{ type: 'token', content: 'Well' }] });
  const verdict = await conformance(broken.url);
  expect(verdict.code).not.toBe(0);
  expect(verdict.said).toContain('done is the last');
});
