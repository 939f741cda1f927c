// Where the main thread's time goes: files that Chromium's tools can open, and what is heaviest in them.
import { writeFileSync } from 'node:fs';
import type { DevTools } from './browser.ts';

const SAMPLE_US = 200;
const SHOWN = 25;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  args: { name?: string; data?: { type?: string } };
}

/** Once by functions and once by the browser's own tasks, for each of the two slows down what the other one watches. */
export async function profiled(devtools: DevTools, file: string, use: () => Promise<unknown>): Promise<void> {
  const profile = await byFunction(devtools, file, use);
  show(`${file}: by function, without what it calls`, profile);
  const trace = await byTask(devtools, `${file}.trace.json`, use);
  show(`${file}.trace.json: by task of the browser, without what it contains`, trace);
}

async function byFunction({ cdp }: DevTools, file: string, use: () => Promise<unknown>): Promise<Map<string, number>> {
  await cdp.send('Profiler.enable');
  await cdp.send('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await cdp.send('Profiler.start');
  await use();
  const { profile } = await cdp.send('Profiler.stop');
  await cdp.send('Profiler.disable');
  writeFileSync(file, JSON.stringify(profile));
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const where = url && !url.startsWith('wasm:') ? ` (${url.split('/').at(-1)}:${lineNumber + 1})` : '';
      return [id, `${functionName || '(anonymous)'}${where}`];
    }),
  );
  const times = new Map<string, number>();
  profile.samples?.forEach((id, at) => add(times, names.get(id)!, profile.timeDeltas?.[at] ?? 0));
  return times;
}

async function byTask({ cdp }: DevTools, file: string, use: () => Promise<unknown>): Promise<Map<string, number>> {
  const events: TraceEvent[] = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const includedCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel', 'v8'];
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } });
  await use();
  const complete = new Promise<void>(resolve => cdp.once('Tracing.tracingComplete', () => resolve()));
  await cdp.send('Tracing.end');
  await complete;
  writeFileSync(file, JSON.stringify({ traceEvents: events }));
  return ownTimes(busiestMainThread(events));
}

/** Of all pages there may be, the one that was at work. */
function busiestMainThread(events: TraceEvent[]): TraceEvent[] {
  const threads = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const of = threads.map(({ pid, tid }) =>
    events.filter(event => event.pid === pid && event.tid === tid && event.ph === 'X' && event.dur !== undefined),
  );
  return of.sort((one, other) => other.length - one.length)[0] ?? [];
}

/** What lies within an event is not its own. */
function ownTimes(events: TraceEvent[]): Map<string, number> {
  const times = new Map<string, number>();
  const open: { name: string; end: number }[] = [];
  const ordered = [...events].sort((one, other) => one.ts - other.ts || other.dur! - one.dur!);
  for (const { name, ts, dur, args } of ordered) {
    while (open.length > 0 && open.at(-1)!.end <= ts) open.pop();
    const around = open.at(-1);
    if (around) add(times, around.name, -dur!);
    const full = args.data?.type ? `${name} ${args.data.type}` : name;
    add(times, full, dur!);
    open.push({ name: full, end: ts + dur! });
  }
  return times;
}

function add(times: Map<string, number>, name: string, micros: number): void {
  times.set(name, (times.get(name) ?? 0) + micros / 1_000);
}

function show(title: string, times: Map<string, number>): void {
  console.error(`\nbench-page: ${title}`);
  const heaviest = [...times].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  for (const [name, time] of heaviest) console.error(`${time.toFixed(1).padStart(9)} ms  ${name}`);
}
