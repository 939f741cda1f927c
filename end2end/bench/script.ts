// What the Gateway of the bench says to what is asked.
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { usage, type Answer, type ChatRequest, type Script, type TurnEvent } from '../support/gateway.ts';
import { tokens, write, type Text } from './markdown.ts';

export const TOKENS = 20_000;
/** What a token of English comes to. */
const BYTES_PER_TOKEN = 4;
/** Before the first token, as a model has it; meanwhile the reader opens its stream, so that it reads all of it live. */
const SILENCE_MS = 300;

export const LONG: Text = write(TOKENS * BYTES_PER_TOKEN, 'These are the last words of the long answer.');
const EVENTS: TurnEvent[] = [
  ...tokens(LONG.markdown, TOKENS).map(content => ({ type: 'token', content }) as const),
  usage(1_200, TOKENS, 0.3),
  { type: 'done', status: 'complete' },
];

/** How the long answer is sent: all of it in one piece, each token in one of its own, or so many of them a second. */
export type Pace = 'in one piece' | 'token by token' | number;

export class Teller {
  /** When the first token of the last answer was sent, by the clock on the wall. */
  begunAt = 0;

  /** Asks for the long answer. */
  static ask(pace: Pace): string {
    return `the long answer, ${pace}`;
  }

  readonly script: Script = {
    answer: ({ message }: ChatRequest): Answer => {
      const pace = /^the long answer, (.*)$/.exec(message)?.[1];
      return this.tell(pace === undefined ? 'in one piece' : pace.match(/^\d+$/) ? Number(pace) : (pace as Pace));
    },
  };

  private async *tell(pace: Pace) {
    await pause(SILENCE_MS);
    const begun = performance.now();
    this.begunAt = Date.now();
    let number = 0;
    for (const event of EVENTS) {
      // What is due together leaves together, so that a late timer makes the answer no slower.
      const wait = typeof pace === 'number' ? begun + (number * 1_000) / pace - performance.now() : 0;
      if (wait > 0) await pause(wait);
      else if (pace === 'token by token') await turn();
      number += 1;
      yield event;
    }
  }
}
