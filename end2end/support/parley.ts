// The real server, in a process of its own, with a database of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export type Environment = Record<string, string>;

const repository = resolve(import.meta.dirname, '../..');
export const binary = process.env.PARLEY_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(repository, 'target'), 'debug/parley');
/** A port where nothing listens: a developer's own Ollama must not take part. */
export const NOWHERE = 'http://127.0.0.1:9';
/** What a developer's shell may have set, and the tests must not see. */
const FOREIGN = /^(PARLEY_|LEPTOS_|OPENAI_|ANTHROPIC_|GEMINI_|GATEWAY_|REGISTRY_|OLLAMA_|DATABASE_URL$|RUST_LOG$)/;

export class Parley {
  readonly url: string;
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly environment: Environment,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(environment: Environment = {}): Promise<Parley> {
    if (!existsSync(binary)) throw new Error(`${binary} is not there; run \`cargo leptos build\` first`);
    const parley = new Parley(mkdtempSync(join(tmpdir(), 'parley-')), await freePort(), environment);
    await parley.launch();
    return parley;
  }

  get log(): string {
    return readFileSync(join(this.folder, 'parley.log'), 'utf8');
  }

  /** Asks the server to end, as an operator would. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Takes the server away without a word, as a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Starts it again on the same database and port. */
  async launch(): Promise<void> {
    const log = openSync(join(this.folder, 'parley.log'), 'a');
    const child = spawn(binary, ['serve'], {
      cwd: this.folder, // so that no `.env` of the repository is read
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))),
        LEPTOS_SITE_ADDR: `127.0.0.1:${this.port}`,
        LEPTOS_SITE_ROOT: join(repository, 'target/site'),
        DATABASE_URL: join(this.folder, 'parley.db'),
        OLLAMA_HOST: NOWHERE,
        PARLEY_REHEARSAL_DELAY_MS: '20',
        PARLEY_MESSAGES_PER_MINUTE: '0',
        PARLEY_SESSION_READS_PER_MINUTE: '0',
        PARLEY_SEARCHES_PER_MINUTE: '0',
        PARLEY_MODEL_READS_PER_MINUTE: '0',
        PARLEY_STREAMS_PER_USER: '0',
        RUST_LOG: 'info',
        ...this.environment,
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.process = child;
    await this.ready(child);
  }

  /** Ends it and removes what it stored. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await pause(50);
    }
    throw new Error(`the server did not become ready:\n${this.log}`);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
    child.kill(signal);
    const late = new AbortController();
    const deadline = pause(20_000, 'late', { signal: late.signal }).catch(() => 'ended');
    if ((await Promise.race([ended, deadline])) === 'late') {
      child.kill('SIGKILL');
      throw new Error(`the server did not end within 20 s of ${signal}:\n${this.log}`);
    }
    late.abort();
  }
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
