// `parley gateway`: the embedded Gateway in a process of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { binary, freePort, NOWHERE, type Environment } from './parley.ts';

export class Alone {
  /** What it asks of its clients. */
  static readonly TOKEN = 'a-token-of-the-tests';

  private constructor(readonly url: string, private readonly process: ChildProcess) {}

  static async start(environment: Environment = {}): Promise<Alone> {
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(binary, ['gateway', '--addr', address], {
      env: { PATH: process.env.PATH, OLLAMA_HOST: NOWHERE, PARLEY_REHEARSAL_DELAY_MS: '2', GATEWAY_TOKEN: Alone.TOKEN, ...environment },
      stdio: 'ignore',
    });
    const alone = new Alone(`http://${address}`, child);
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (await fetch(`${alone.url}/health`).then(answer => answer.ok, () => false)) return alone;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    alone.stop();
    throw new Error('parley gateway does not answer');
  }

  /** What makes a Parley ask this one. */
  get environment(): Environment {
    return { GATEWAY_URL: this.url, GATEWAY_TOKEN: Alone.TOKEN };
  }

  stop(): void {
    this.process.kill();
  }
}
