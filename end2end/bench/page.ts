// `make bench-page`: what the page costs who uses it.
//
// - options, browser, server: what is measured, and with what
// - probe: watches from inside the page; traffic: what it sends for; typing: a person at its keyboard
// - visit: the parts, a file each
// - stats, report: the figures, and the targets they are held against
import { answer } from './answer.ts';
import { browserVersion } from './browser.ts';
import { options, PARTS, USAGE, type Options, type Part } from './options.ts';
import { keep, write, type Findings } from './report.ts';
import { visit } from './visit.ts';

const MEASURE: Partial<Record<Part, (options: Options) => Promise<Findings>>> = { visit, answer };

async function main(): Promise<void> {
  const asked = read();
  const findings: Findings[] = [];
  for (const part of asked.parts) {
    const begun = performance.now();
    try {
      findings.push(await MEASURE[part]!(asked));
    } catch (error) {
      // The other parts can be measured all the same.
      console.error(`bench-page: ${part} could not be measured:`, error);
      process.exitCode = 1;
    }
    console.error(`bench-page: ${part}, ${Math.round((performance.now() - begun) / 1_000)} s`);
  }
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
