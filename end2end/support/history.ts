// A visitor who has had conversations: made through the API, as many as a test needs, with a Gateway that answers at once.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test as base } from '../fixtures.ts';
import { Api } from './chat.ts';
import { answerOf } from './gateway.ts';

export interface Said {
  session_id: string;
  message_id: string;
  answer_id: string;
}

export class History {
  constructor(
    readonly url: string,
    readonly api: Api,
  ) {}

  /** Says something in a conversation, or in a new one, and waits for the answer to end. */
  async say(message: string, { session_id, agent_id = 'architect' }: { session_id?: string; agent_id?: string } = {}): Promise<Said> {
    const answer = await this.api.call('POST', '/api/chat/message', { session_id, message, agent_id });
    expect(answer.status, await answer.clone().text()).toBe(202);
    const said = (await answer.json()) as Said;
    for (;;) {
      const { running } = await this.api.get<{ running: boolean }>(`/api/chat/sessions/${said.session_id}?limit=1`);
      if (!running) return said;
      await pause(10);
    }
  }

  /** Begins so many conversations, the last one first: `Talk 3`, `Talk 2`, `Talk 1`. */
  async talk(count: number): Promise<Said[]> {
    const all: Said[] = [];
    for (let number = 1; number <= count; number += 1) all.unshift(await this.say(`Talk ${number}`));
    return all;
  }
}

export const test = base.extend<{
  history: History;
  /** What the Gateway answers to these messages; to any other, `Yes.` */
  answers: Record<string, string>;
}>({
  answers: [{}, { option: true }],

  history: async ({ answers, chat, context, startGateway, startParley }, use) => {
    const gateway = await startGateway({ answer: ({ message }) => answerOf(answers[message] ?? 'Yes.') });
    const { url } = await startParley(gateway.environment);
    await chat.open(`${url}/llm`);
    await use(new History(url, await Api.of(context, url)));
  },
});

export { expect };
