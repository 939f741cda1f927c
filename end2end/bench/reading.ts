// The long answer, read by the page and read by nothing but `fetch`, in the same browser.
import type { Page } from '@playwright/test';
import type { DevTools, Memory, Work } from './browser.ts';
import type { Text } from './markdown.ts';
import type { Frames, LongTasks } from './probe.ts';
import type { Teller } from './script.ts';
import { press } from './typing.ts';

/** Times are milliseconds since the Gateway sent the first token: a little before its first byte is in the browser. */
export interface Reading {
  /** Until its first words are on the screen. */
  first: number;
  /** Until its last words are. */
  whole: number;
  /** Until the page takes the next message. */
  settled: number;
  frames: Frames;
  longTasks: LongTasks;
  work: Work;
}

export interface Kept {
  memory: Memory;
  nodes: number;
  elements: number;
}

/** Types the message sends it and watches the answer. */
export async function readOnPage(page: Page, devtools: DevTools, message: string, teller: Teller, text: Text): Promise<Reading> {
  await page.locator('#message').fill(message);
  const before = await devtools.work();
  await page.evaluate(beginReading, text.lastWords);
  await press(devtools, 'Enter');
  const reading = await page.evaluate(endReading);
  const after = await devtools.work();
  await check(page, text);
  const part = (name: keyof Work) => (after[name] - before[name]) * 1_000;
  const work: Work = { task: part('task'), script: part('script'), style: part('style'), layout: part('layout') };
  const since = (at: number) => at - teller.begunAt;
  return { ...reading, first: since(reading.first), whole: since(reading.whole), settled: since(reading.settled), work };
}

export async function kept(page: Page, devtools: DevTools): Promise<Kept> {
  const memory = await devtools.memory();
  return { memory, ...(await page.evaluate(() => window.probe.size())) };
}

/** A page that lost a part of the answer was fast for nothing. */
async function check(page: Page, text: Text): Promise<void> {
  const answer = page.locator('article[data-message-type="assistant"] .body').last();
  const found = [await answer.locator('table').count(), await answer.locator('pre').count()];
  const expected = [text.tables, text.codeBlocks];
  if (String(found) !== String(expected)) throw new Error(`tables and code blocks: ${found}, not ${expected}`);
}

type Watched = { reading: Promise<Omit<Reading, 'work'>> };

/** Runs in the page. */
function beginReading(lastWords: string): void {
  const lastAnswer = () => [...document.querySelectorAll<HTMLElement>('article[data-message-type="assistant"]')].at(-1);
  const body = () => lastAnswer()?.querySelector('.body');
  const when = async (seen: () => boolean) => {
    await window.probe.until(() => seen() || undefined);
    return Date.now();
  };
  const answers = document.querySelectorAll('article[data-message-type="assistant"]').length;
  const isNew = () => document.querySelectorAll('article[data-message-type="assistant"]').length > answers;
  const end = window.probe.watch();
  const reading = async () => {
    const first = await when(() => isNew() && !body()?.querySelector('.typing') && body()?.textContent?.trim() !== '');
    await window.probe.untilAnswerEndsWith(lastWords);
    const whole = Date.now();
    const settled = await when(
      () => lastAnswer()?.dataset.status === 'complete' && document.querySelector('button[aria-label="Send"]') !== null,
    );
    // What the end of an answer sets going belongs to it.
    await new Promise(resolve => setTimeout(resolve, 500));
    return { first, whole, settled, ...end() };
  };
  (window as unknown as Watched).reading = reading();
}

/** Runs in the page. */
async function endReading(): Promise<Omit<Reading, 'work'>> {
  return (window as unknown as Watched).reading;
}

/** What a reader gets that does nothing with it. */
export interface Bare {
  /** From the Gateway's first token until the last byte, in milliseconds. */
  whole: number;
  bytes: number;
  /** Parley makes one event of several tokens for a reader who is behind. */
  events: number;
}

/** Reads the same answer with a bare `fetch`, in a page that shows nothing. */
export async function readBare(page: Page, devtools: DevTools, url: string, message: string, teller: Teller): Promise<Bare> {
  // Only the page itself has leave to ask the server.
  await devtools.cdp.send('Page.setBypassCSP', { enabled: true });
  await page.goto(`${url}/healthz`);
  const { end, ...read } = await page.evaluate(async message => {
    const json = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
    const { csrf_token } = await json<{ csrf_token: string }>(fetch('/api/csrf'));
    const { agents } = await json<{ agents: { agent_id: string; tier: number }[] }>(fetch('/api/agents'));
    const agent_id = agents.find(({ tier }) => tier === 2)!.agent_id;
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf_token };
    const body = JSON.stringify({ message, agent_id });
    const sent = fetch('/api/chat/message', { method: 'POST', headers, body });
    const { session_id, turn_id } = await json<{ session_id: string; turn_id: string }>(sent);
    const after = `${turn_id.replaceAll('-', '')}-0`;
    const stream = await fetch(`/api/chat/stream/${session_id}?after=${after}`);
    let [bytes, lines] = [0, 0];
    for (const reader = stream.body!.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      for (let at = value.indexOf(10); at >= 0; at = value.indexOf(10, at + 1)) lines += 1;
    }
    return { end: Date.now(), bytes, events: Math.round(lines / 3) };
  }, message);
  await devtools.cdp.send('Page.setBypassCSP', { enabled: false });
  return { ...read, whole: end - teller.begunAt };
}
