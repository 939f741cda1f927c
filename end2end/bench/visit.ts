// The first visit and the one after it: what crosses the network, and how soon the page can be used.
import type { Page } from '@playwright/test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Parley } from '../support/parley.ts';
import { withPage, withProfile, type DevTools, type Memory } from './browser.ts';
import type { Options } from './options.ts';
import { open } from './probe.ts';
import { target, type Findings, type Table } from './report.ts';
import { withParley } from './server.ts';
import { count, kilobytes, median, medianOf, megabytes, millis, sum } from './stats.ts';
import { KINDS, Traffic } from './traffic.ts';
import { typeUntilSent, type Typed } from './typing.ts';

interface Visit {
  traffic: Traffic;
  /** Requests that left for another host. */
  strays: number;
  firstPaint: number;
  hydrated: number;
  memory: Memory;
  typed: Typed;
}

const NAMES = ['first visit', 'second visit'];

export async function visit(options: Options): Promise<Findings> {
  const runs: Visit[][] = [];
  for (let run = 0; run < (options.quick ? 2 : 7); run += 1) {
    // A server of its own for each, for whoever sends a message leaves a conversation behind.
    runs.push(await withParley(options, {}, bothVisits));
  }
  const visits = NAMES.map((_, at) => runs.map(run => run[at]!));
  return { targets: targets(visits), tables: [times(visits), bytes(visits)] };
}

/** Each once undisturbed and once with somebody who types as soon as there is a field. */
async function bothVisits(parley: Parley): Promise<Visit[]> {
  const url = `${parley.url}/llm`;
  const quiet = await withProfile(async profile => [
    await withPage(profile, (page, devtools) => undisturbed(url, page, devtools)),
    await withPage(profile, (page, devtools) => undisturbed(url, page, devtools)),
  ]);
  const typed = await withProfile(async profile => [
    await withPage(profile, (page, devtools) => typeUntilSent(url, page, devtools)),
    await withPage(profile, (page, devtools) => typeUntilSent(url, page, devtools)),
  ]);
  return quiet.map((visit, at) => ({ ...visit, typed: typed[at]! }));
}

async function undisturbed(url: string, page: Page, devtools: DevTools): Promise<Omit<Visit, 'typed'>> {
  const traffic = await Traffic.of(devtools);
  await open(page, url);
  // What the page asks for late, and what the browser keeps of it.
  await pause(1_500);
  const { firstPaint, hydrated } = await page.evaluate(() => ({
    firstPaint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    hydrated: window.probe.hydratedAt!,
  }));
  if (firstPaint === undefined) throw new Error('the browser reported no first paint');
  return { traffic, strays: traffic.strays(new URL(url).host), firstPaint, hydrated, memory: await devtools.memory() };
}

function targets([first, second]: Visit[][]) {
  const all = (visits: Visit[]) => medianOf(visits, ({ traffic }) => traffic.bytes());
  const [whole, again] = [all(first!), all(second!)];
  const wasm = medianOf(first!, ({ traffic }) => traffic.bytes('wasm'));
  const requests = medianOf(first!, ({ traffic }) => traffic.requests());
  const strays = sum([...first!, ...second!].map(({ strays }) => strays));
  const usable = [first!, second!].map(visits => medianOf(visits, ({ typed }) => typed.sentAt));
  return [
    target('first visit ≤ 400 KB', kilobytes(whole), whole <= 400_000),
    target('of these WASM ≤ 320 KB', kilobytes(wasm), wasm <= 320_000),
    target('first visit ≤ 12 requests', count(requests), requests <= 12),
    target('no request leaves for another host', count(strays), strays === 0),
    target('second visit ≤ 30 KB', kilobytes(again), again <= 30_000),
    ...NAMES.map((name, at) =>
      target(`${name}: a typed message is sent within 1 s`, millis(usable[at]!), usable[at]! < 1_000),
    ),
  ];
}

function times(visits: Visit[][]): Table {
  const row = (name: string, write: (value: number) => string, figure: (visit: Visit) => number) => [
    name,
    ...visits.map(runs => write(median(runs.map(figure)))),
  ];
  return {
    title: 'A visit (medians)',
    columns: ['', ...NAMES],
    rows: [
      row('first contentful paint', millis, ({ firstPaint }) => firstPaint),
      row('the page says that it answers', millis, ({ hydrated }) => hydrated),
      row('the first key that stays is on the screen', millis, ({ typed }) => typed.keptAt),
      row('keys lost before it', count, ({ typed }) => typed.lost),
      row('the message sent is on the screen', millis, ({ typed }) => typed.sentAt),
      row('heap after collection', megabytes, ({ memory }) => memory.heap),
      row('memory of WASM', megabytes, ({ memory }) => memory.wasm),
    ],
  };
}

function bytes(visits: Visit[][]): Table {
  const cell = (runs: Visit[], kind?: (typeof KINDS)[number]) => {
    const bytes = medianOf(runs, ({ traffic }) => traffic.bytes(kind));
    const requests = medianOf(runs, ({ traffic }) => traffic.requests(kind));
    return `${kilobytes(bytes)} in ${count(requests)}`;
  };
  return {
    title: 'Bytes on the wire, heads included, and requests (medians)',
    columns: ['', ...NAMES],
    rows: [
      ...KINDS.map(kind => [kind, ...visits.map(runs => cell(runs, kind))]),
      ['all', ...visits.map(runs => cell(runs))],
    ],
  };
}
