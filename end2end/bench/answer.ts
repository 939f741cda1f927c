// A long answer of rich Markdown, from the Gateway's first token until its last words are on the screen.
import type { Page } from '@playwright/test';
import type { DevTools } from './browser.ts';
import { withFreshPage } from './browser.ts';
import type { Options } from './options.ts';
import { profiled } from './profile.ts';
import { open } from './probe.ts';
import { kept, readBare, readOnPage, type Bare, type Kept, type Reading } from './reading.ts';
import { target, type Findings, type Table } from './report.ts';
import { LONG, Teller, TOKENS, type Pace } from './script.ts';
import { withGateway } from './server.ts';
import { count, kilobytes, median, medianOf, megabytes, millis } from './stats.ts';

/** A model does not write so fast; what it is to show is whether frames come in time while text does. */
const STEADY = 4_000;
const PACES: Pace[] = ['in one piece', 'token by token', STEADY];

interface Run {
  bare: Bare;
  page: Reading;
  kept: Kept;
}

export async function answer(options: Options): Promise<Findings> {
  const teller = new Teller();
  const runs = new Map<Pace, Run[]>(PACES.map(pace => [pace, []]));
  await withGateway(options, teller.script, parley =>
    withFreshPage(async (page, devtools) => {
      const read = (pace: Pace) => once(page, devtools, parley.url, teller, pace);
      for (let run = 0; run < (options.quick ? 2 : 7); run += 1) {
        for (const pace of PACES) runs.get(pace)!.push(await read(pace));
      }
      const { profile } = options;
      if (!profile) return;
      await open(page, `${parley.url}/llm`);
      // The worst of them.
      const message = Teller.ask('token by token');
      await profiled(devtools, profile, () => readOnPage(page, devtools, message, teller, LONG));
    }),
  );
  return { targets: targets(runs), tables: [times(runs), work(runs)] };
}

/** Bare and on the page, side by side. */
async function once(page: Page, devtools: DevTools, url: string, teller: Teller, pace: Pace): Promise<Run> {
  const bare = await readBare(page, devtools, url, Teller.ask(pace), teller);
  await open(page, `${url}/llm`);
  const reading = await readOnPage(page, devtools, Teller.ask(pace), teller, LONG);
  return { bare, page: reading, kept: await kept(page, devtools) };
}

function name(pace: Pace): string {
  return typeof pace === 'number' ? `${count(pace)} tokens/s` : pace;
}

function targets(runs: Map<Pace, Run[]>) {
  const all = [...runs].flatMap(([pace, runs]) => {
    const title = `${count(TOKENS)} tokens ${typeof pace === 'number' ? 'at ' : ''}${name(pace)}`;
    const longest = medianOf(runs, ({ page }) => page.longTasks.longest);
    const tasks = target(`${title}: no task longer than 100 ms`, longest > 0 ? millis(longest) : 'none over 50 ms', longest <= 100);
    if (typeof pace === 'number') return [tasks];
    const whole = medianOf(runs, ({ page }) => page.whole);
    return [target(`${title}: whole on the screen within 1.5 s`, millis(whole), whole <= 1_500), tasks];
  });
  return all;
}

type Row = [name: string, write: (value: number) => string, figure: (run: Run) => number];

function table(title: string, runs: Map<Pace, Run[]>, rows: Row[]): Table {
  return {
    title,
    columns: ['', ...[...runs.keys()].map(name)],
    rows: rows.map(([name, write, figure]) => [name, ...[...runs.values()].map(runs => write(median(runs.map(figure))))]),
  };
}

const ratio = (value: number) => value.toFixed(2);

function times(runs: Map<Pace, Run[]>): Table {
  return table(`An answer of ${count(TOKENS)} tokens, ${kilobytes(LONG.markdown.length)} (medians of ${[...runs.values()][0]!.length})`, runs, [
    ['a bare `fetch` has read it', millis, ({ bare }) => bare.whole],
    ['events that brought it there', count, ({ bare }) => bare.events],
    ['its first words are on the screen', millis, ({ page }) => page.first],
    ['its last words are on the screen', millis, ({ page }) => page.whole],
    ['of the bare `fetch`', ratio, ({ page, bare }) => page.whole / bare.whole],
    ['the next message can be sent', millis, ({ page }) => page.settled],
    ['tasks over 50 ms', count, ({ page }) => page.longTasks.count],
    ['all of them', millis, ({ page }) => page.longTasks.total],
    ['the longest', millis, ({ page }) => page.longTasks.longest],
    ['frames later than 33 ms', count, ({ page }) => page.frames.late],
    ['the longest wait for a frame', millis, ({ page }) => page.frames.longest],
  ]);
}

function work(runs: Map<Pace, Run[]>): Table {
  return table('What it costs the page', runs, [
    ['main thread busy', millis, ({ page }) => page.work.task],
    ['of this in scripts and WASM', millis, ({ page }) => page.work.script],
    ['in styles', millis, ({ page }) => page.work.style],
    ['in layout', millis, ({ page }) => page.work.layout],
    ['nodes in the document', count, ({ kept }) => kept.nodes],
    ['of these elements', count, ({ kept }) => kept.elements],
    ['heap after collection', megabytes, ({ kept }) => kept.memory.heap],
    ['memory of WASM', megabytes, ({ kept }) => kept.memory.wasm],
  ]);
}
