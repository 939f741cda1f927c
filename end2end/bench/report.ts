// What was measured, as tables of Markdown, and the place in the repository where the last whole run is kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { repository, type Options } from './options.ts';

export interface Target {
  promise: string;
  measured: string;
  met: boolean;
}

export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
}

/** What one part found out. */
export interface Findings {
  targets: Target[];
  tables: Table[];
}

const KEPT_IN = join(repository, 'docs/BENCHMARKS.md');
const BEGIN = '<!-- figures of the page: begin -->';
const END = '<!-- figures of the page: end -->';

export function target(promise: string, measured: string, met: boolean): Target {
  return { promise, measured, met };
}

/** How busy the machine was before anything was measured: what others do there is in all figures. */
const LOAD = loadavg()[0]!;

export function write(options: Options, browser: string, findings: Findings[]): string {
  const targets: Table = {
    title: 'Targets of the page',
    columns: ['target', 'measured', ''],
    rows: findings
      .flatMap(({ targets }) => targets)
      .map(({ promise, measured, met }) => [promise, measured, met ? 'met' : '**missed**']),
  };
  const tables = [targets, ...findings.flatMap(({ tables }) => tables)];
  return [machine(options, browser), ...tables.map(markdown)].join('\n');
}

/** Puts the report between its marks in the repository's own document. */
export function keep(report: string): void {
  const text = readFileSync(KEPT_IN, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${KEPT_IN}: the marks are missing`);
  writeFileSync(KEPT_IN, `${text.slice(0, begin)}${BEGIN}\n\n${report}\n${text.slice(end)}`);
}

function markdown({ title, columns, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |\n`;
  return `### ${title}\n\n${line(columns)}${line(columns.map(() => '---'))}${rows.map(line).join('')}`;
}

/** What the figures were measured on. */
function machine({ parley, site }: Options, browser: string): string {
  const processors = cpus();
  // Cargo keeps what it builds in a folder named after the profile.
  const built = basename(dirname(parley));
  return [
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    `- machine: ${processors.length} cores (${processors[0]?.model ?? 'unknown'}), ${(totalmem() / 1e9).toFixed(0)} GB of memory, Linux ${release()}; load ${LOAD.toFixed(1)} at the start`,
    `- browser: Chromium ${browser}, headless; Node ${process.versions.node}`,
    `- parley: from \`${built}\`, its page from \`${basename(site)}\``,
    '',
  ].join('\n');
}
