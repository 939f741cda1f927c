// A server with a long conversation and a short one, made once for all the parts that look at them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from '../support/chat.ts';
import { Gateway, usage, type ChatRequest, type TurnEvent } from '../support/gateway.ts';
import type { Parley } from '../support/parley.ts';
import { withPage } from './browser.ts';
import { write } from './markdown.ts';
import type { Options } from './options.ts';
import { open } from './probe.ts';
import { startParley } from './server.ts';

export interface Conversation {
  id: string;
  /** How many questions were asked in it; each has its answer. */
  turns: number;
}

/** How the last words of an answer read, for an answer is on the screen once these are. */
export const lastWords = (turn: number) => `This is the end of answer ${turn}.`;

export class Library {
  long: Conversation = { id: '', turns: 0 };
  short: Conversation = { id: '', turns: 0 };

  private constructor(
    /** Of the browser whose conversations these are. */
    readonly profile: string,
    private readonly gateway: Gateway,
    private readonly parley: Parley,
  ) {}

  static async make(options: Options): Promise<Library> {
    const profile = mkdtempSync(join(tmpdir(), 'parley-profile-'));
    const gateway = await Gateway.start({ answer });
    const library = new Library(profile, gateway, await startParley(options, gateway.environment));
    await withPage(profile, async page => {
      await open(page, `${library.url}/llm`);
      const api = await Api.of(page.context(), library.url);
      library.short = await library.fill(api, 5);
      library.long = await library.fill(api, options.quick ? 100 : 1_000);
    });
    return library;
  }

  get url(): string {
    return this.parley.url;
  }

  address({ id }: Conversation): string {
    return `${this.url}/llm/${id}`;
  }

  async close(): Promise<void> {
    await this.parley.remove();
    await this.gateway.stop();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  private async fill(api: Api, turns: number): Promise<Conversation> {
    let id: string | undefined;
    for (let turn = 1; turn <= turns; turn += 1) {
      const message = `Question ${turn}: what is to be done next, and by whom, once this is finished?`;
      const sent = await api.call('POST', '/api/chat/message', { session_id: id, agent_id: 'architect', message });
      const text = await sent.text();
      if (sent.status !== 202) throw new Error(`question ${turn}: ${sent.status} ${text}`);
      id = (JSON.parse(text) as { session_id: string }).session_id;
      // It ends with the turn, and only then can the next begin.
      await (await api.call('GET', `/api/chat/stream/${id}`)).text();
      // Each holds all that was said before it.
      this.gateway.requests.length = 0;
    }
    return { id: id!, turns };
  }
}

/** From one line to a screenful, most of them short. */
function answer({ message }: ChatRequest): TurnEvent[] {
  const turn = Number(/^Question (\d+)/.exec(message)?.[1]);
  const length = [40, 120, 250, 400, 900][turn % 5]!;
  const { markdown } = write(length, lastWords(turn), turn);
  return [
    { type: 'token', content: `Answer ${turn}.\n\n${markdown}` },
    usage(100, Math.round(markdown.length / 4), 0.001),
    { type: 'done', status: 'complete' },
  ];
}
