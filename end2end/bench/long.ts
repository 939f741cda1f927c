// A conversation of two thousand messages: opening it, and going back to its beginning.
import { withPage, type Memory } from './browser.ts';
import type { Library } from './library.ts';
import { byAddress, byClick } from './opening.ts';
import type { Options } from './options.ts';
import { open } from './probe.ts';
import { target, type Findings } from './report.ts';
import { scrollUp, type Journey } from './scroll.ts';
import { count, median, megabytes, millis, percentile } from './stats.ts';

interface Size {
  nodes: number;
  elements: number;
  memory: Memory;
}

interface Found {
  addresses: number[];
  clicks: number[];
  opened: Size;
  journey: Journey;
  read: Size;
}

export async function long(options: Options, library: Library): Promise<Findings> {
  const runs = options.quick ? 2 : 7;
  const found = await withPage(library.profile, async (page, devtools): Promise<Found> => {
    const size = async () => ({ ...(await page.evaluate(() => window.probe.size())), memory: await devtools.memory() });
    const [addresses, clicks]: number[][] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      addresses!.push(await byAddress(page, library.address(library.long), library.long));
      await open(page, library.address(library.short));
      clicks!.push(await byClick(page, library.long));
    }
    const opened = await size();
    const journey = await scrollUp(page, devtools);
    return { addresses: addresses!, clicks: clicks!, opened, journey, read: await size() };
  });
  return findings(2 * library.long.turns, found);
}

function findings(messages: number, { addresses, clicks, opened, journey, read }: Found): Findings {
  const [address, click] = [median(addresses), median(clicks)];
  const name = `${count(messages)} messages`;
  const farthest = journey.jumps.length > 0 ? `, ${Math.round(Math.max(...journey.jumps))} px at most` : '';
  const waits = journey.waits.length > 0 ? [50, 100].map(percent => millis(percentile(journey.waits, percent))) : ['-', '-'];
  return {
    targets: [
      target(`${name}: on the screen within 500 ms of asking for the address`, millis(address), address < 500),
      target(`${name}: on the screen within 500 ms of the click in the sidebar`, millis(click), click < 500),
      target(`${name}: opened with fewer than 2,500 nodes`, count(opened.nodes), opened.nodes < 2_500),
      target(`${name}: nothing jumps on the way to the first`, `${journey.jumps.length} jumps${farthest}`, journey.jumps.length === 0),
    ],
    tables: [
      {
        title: `A conversation of ${count(messages)} messages`,
        columns: ['', 'opened', 'read up to its beginning'],
        rows: [
          ['nodes in the document', count(opened.nodes), count(read.nodes)],
          ['of these elements', count(opened.elements), count(read.elements)],
          ['heap after collection', megabytes(opened.memory.heap), megabytes(read.memory.heap)],
          ['memory of WASM', megabytes(opened.memory.wasm), megabytes(read.memory.wasm)],
        ],
      },
      {
        title: 'Up to its beginning by the wheel',
        columns: ['', ''],
        rows: [
          ['time', `${(journey.time / 1_000).toFixed(1)} s`],
          ['turns of the wheel, of 400 px, each waited for until all stands still', count(journey.steps)],
          ['waits at the top for earlier messages', count(journey.waits.length)],
          ['of these p50 and max', waits.join(', ')],
          ['jumps', `${journey.jumps.length}${farthest}`],
          ['frames later than 33 ms', count(journey.frames.late)],
          ['the longest wait for a frame', millis(journey.frames.longest)],
          ['tasks over 50 ms', `${journey.longTasks.count}, ${millis(journey.longTasks.longest)} the longest`],
        ],
      },
    ],
  };
}
