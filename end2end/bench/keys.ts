// How soon a key shows in the composer while an answer is being written above it.
import type { Page } from '@playwright/test';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE, withFreshPage, type DevTools } from './browser.ts';
import type { Options } from './options.ts';
import { open } from './probe.ts';
import { target, type Findings } from './report.ts';
import { LONG, Teller, type Pace } from './script.ts';
import { withGateway } from './server.ts';
import { count, median, millis, percentile } from './stats.ts';
import { press } from './typing.ts';

/** Somebody who types fast, at a pace that does not fall in with the frames. */
const BETWEEN_KEYS_MS = 71;
/** As a fast model writes. */
const STEADY = 200;
/** How long to type where nothing is being written. */
const IDLE_MS = 3_000;

interface Delays {
  /** From each press to the painting of the frame that shows it, as the page's own thread sees it. */
  delays: number[];
  /** The same as the browser reports it, up to the screen; what took less than 16 ms is not among them. */
  slow: number[];
  /** From the first token to the last words on the screen: typing may hold the answer up, too. */
  wholes: number[];
}

export async function keys(options: Options): Promise<Findings> {
  const teller = new Teller();
  const [idle, burst]: Delays[] = [none(), none()];
  let steady = none();
  await withGateway(options, teller.script, parley =>
    withFreshPage(async (page, devtools) => {
      const typist = new Typist(page, devtools, `${parley.url}/llm`, teller);
      for (let run = 0; run < (options.quick ? 2 : 7); run += 1) {
        add(idle!, await typist.alone());
        add(burst!, await typist.during('token by token'));
      }
      steady = await typist.during(STEADY, options.quick ? 10_000 : undefined);
    }),
  );
  const rows: [string, Delays][] = [
    ['nothing', idle!],
    ['20,000 tokens, token by token', burst!],
    [`20,000 tokens at ${STEADY} tokens/s`, steady],
  ];
  return {
    targets: rows.slice(1).map(([name, { delays }]) => {
      const [middle, longest] = [percentile(delays, 50), Math.max(...delays)];
      return target(`${name}: each key shows within 50 ms`, `p50 ${millis(middle)}, max ${millis(longest)}`, longest < 50);
    }),
    tables: [
      {
        title: 'From a key to the screen, while the page receives',
        columns: ['', 'keys', 'p50', 'p95', 'max', 'max reported by the browser', 'the answer is whole after'],
        rows: rows.map(([name, { delays, slow, wholes }]) => [
          name,
          count(delays.length),
          ...[50, 95, 100].map(percent => millis(percentile(delays, percent))),
          slow.length > 0 ? millis(Math.max(...slow)) : 'less than 16 ms',
          wholes.length > 0 ? millis(median(wholes)) : '-',
        ]),
      },
    ],
  };
}

class Typist {
  constructor(
    private readonly page: Page,
    private readonly devtools: DevTools,
    private readonly url: string,
    private readonly teller: Teller,
  ) {}

  async alone(): Promise<Delays> {
    await open(this.page, this.url);
    await this.page.locator('#message').focus();
    return this.type(pause(IDLE_MS), () => 0);
  }

  /** While the long answer is written, or for as long as is said. */
  async during(pace: Pace, limit?: number): Promise<Delays> {
    await open(this.page, this.url);
    await this.page.locator('#message').fill(Teller.ask(pace));
    await press(this.devtools, 'Enter');
    const whole = this.page.evaluate(words => window.probe.untilAnswerEndsWith(words), LONG.lastWords);
    // Where it is not waited for, it ends with the page.
    whole.catch(() => undefined);
    const wholes: number[] = [];
    const end = limit === undefined ? whole.then(() => wholes.push(Date.now() - this.teller.begunAt)) : pause(limit);
    return { ...(await this.type(end, () => this.teller.begunAt)), wholes };
  }

  private async type(end: Promise<unknown>, countedFrom: () => number): Promise<Delays> {
    const { page } = this;
    // The message that was sent is gone from the field; its own letters are no keys of ours.
    await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>('#message')?.value === '');
    await page.evaluate(() => {
      window.probe.presses.length = 0;
      window.probe.slowPresses.length = 0;
    });
    let over = false;
    const ended = end.finally(() => (over = true));
    // A person does not wait either until the page has dealt with the last key.
    const presses: Promise<void>[] = [];
    let typed = '';
    const due = Date.now() + 4 * PATIENCE;
    while (!over && Date.now() < due) {
      const letter = typed.length % 7 === 6 ? ' ' : String.fromCharCode(97 + (typed.length % 26));
      presses.push(press(this.devtools, letter));
      typed += letter;
      await Promise.race([pause(BETWEEN_KEYS_MS), ended]);
    }
    await ended;
    await Promise.all(presses);
    await pause(300);
    const found = await page.evaluate(() => ({
      value: document.querySelector<HTMLTextAreaElement>('#message')?.value,
      presses: window.probe.presses,
      slow: window.probe.slowPresses,
    }));
    if (found.value !== typed || found.presses.length !== typed.length) {
      throw new Error(`${typed.length} keys were pressed, ${found.presses.length} arrived, "${found.value}" is in the field`);
    }
    const counted = found.presses.filter(({ at }) => at >= countedFrom());
    return { delays: counted.map(({ delay }) => delay), slow: found.slow, wholes: [] };
  }
}

function none(): Delays {
  return { delays: [], slow: [], wholes: [] };
}

function add(all: Delays, more: Delays): void {
  all.delays.push(...more.delays);
  all.slow.push(...more.slow);
  all.wholes.push(...more.wholes);
}
