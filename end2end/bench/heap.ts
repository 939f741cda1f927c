// The same conversation opened again and again: what is left behind each time.
import { withPage, type Memory } from './browser.ts';
import type { Library } from './library.ts';
import { byAddress, byClick } from './opening.ts';
import type { Options } from './options.ts';
import { target, type Findings } from './report.ts';
import { count, kilobytes, megabytes, slope } from './stats.ts';

const OPENINGS = 50;
const EVERY = 5;
/** What the first openings fill for good, caches and compiled code among them, is no leak. */
const WARM_AFTER = 10;
/** In bytes an opening. Two thousand openings would come to a megabyte or two; nobody has as many in one page. */
const FLAT = 1_000;

export async function heap(_: Options, library: Library): Promise<Findings> {
  const samples: (Memory & { openings: number })[] = [];
  const objects: number[] = [];
  await withPage(library.profile, async (page, devtools) => {
    await byAddress(page, library.address(library.short), library.short);
    for (let opening = 1; opening <= OPENINGS; opening += 1) {
      await byClick(page, library.long);
      if (opening % EVERY === 0) samples.push({ openings: opening, ...(await devtools.memory()) });
      if (opening === WARM_AFTER || opening === OPENINGS) objects.push(await devtools.objects());
      await byClick(page, library.short);
    }
  });
  const warm = samples.filter(({ openings }) => openings >= WARM_AFTER);
  const growth = (of: (memory: Memory) => number) => slope(warm.map(({ openings }) => openings), warm.map(of));
  const [scripts, wasm] = [growth(({ heap }) => heap), growth(({ wasm }) => wasm)];
  const own = (objects[1]! - objects[0]!) / (OPENINGS - WARM_AFTER);
  const nodes = growth(({ nodes }) => nodes);
  return {
    targets: [
      target('opened 50 times: the heap stays as it is (< 1 KB an opening)', `${kilobytes(scripts)} an opening`, scripts < FLAT),
      target('opened 50 times: so do the objects of the page in it', `${kilobytes(own)} an opening`, own < FLAT),
      target('opened 50 times: so does the memory of WASM', `${kilobytes(wasm)} an opening`, wasm < FLAT),
      target('opened 50 times: so do the nodes that are held', `${nodes.toFixed(1)} an opening`, nodes < 1),
    ],
    tables: [
      {
        title: 'After so many openings',
        columns: ['', ...samples.map(({ openings }) => String(openings))],
        rows: [
          ['heap after collection', ...samples.map(({ heap }) => megabytes(heap))],
          ['memory of WASM', ...samples.map(({ wasm }) => megabytes(wasm))],
          ['nodes held', ...samples.map(({ nodes }) => count(nodes))],
          ['listeners', ...samples.map(({ listeners }) => count(listeners))],
        ],
      },
    ],
  };
}
