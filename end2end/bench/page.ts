// `make bench-page`: what the page costs who uses it.
//
// - options, browser, server: what is measured, and with what
// - probe: watches from inside the page
// - visit (with traffic, typing), answer (with reading, profile), keys, long (with opening, scroll, follower), heap: the parts
// - markdown, script, library: what is shown in it
// - stats, report: the figures, and the targets they are held against
import { answer } from './answer.ts';
import { browserVersion } from './browser.ts';
import { heap } from './heap.ts';
import { keys } from './keys.ts';
import { Library } from './library.ts';
import { long } from './long.ts';
import { options, PARTS, USAGE, type Options, type Part } from './options.ts';
import { keep, write, type Findings } from './report.ts';
import { visit } from './visit.ts';

/** Made when first needed. */
let library: Library | undefined;
const shelved = (part: (options: Options, library: Library) => Promise<Findings>) => async (options: Options) =>
  part(options, (library ??= await Library.make(options)));

const MEASURE: Record<Part, (options: Options) => Promise<Findings>> = {
  visit,
  answer,
  keys,
  long: shelved(long),
  heap: shelved(heap),
};

async function main(): Promise<void> {
  const asked = read();
  const findings: Findings[] = [];
  for (const part of asked.parts) {
    const begun = performance.now();
    try {
      findings.push(await MEASURE[part](asked));
    } catch (error) {
      // The other parts can be measured all the same.
      console.error(`bench-page: ${part} could not be measured:`, error);
      process.exitCode = 1;
    }
    console.error(`bench-page: ${part}, ${Math.round((performance.now() - begun) / 1_000)} s`);
  }
  await library?.close();
  const report = write(asked, await browserVersion(), findings);
  process.stdout.write(`${report}\n`);
  // Only a whole run is kept, for the figures of one are held against each other.
  if (asked.parts.length === PARTS.length && !asked.quick && !process.exitCode) keep(report);
}

function read(): Options {
  try {
    return options();
  } catch (error) {
    console.error(`bench-page: ${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

await main();
