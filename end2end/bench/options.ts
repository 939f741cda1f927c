// What the command line and the environment ask for.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const PARTS = ['visit', 'answer', 'keys', 'long', 'heap'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  parts: Part[];
  /** Fewer runs, to try whether it works; nothing is kept. */
  quick: boolean;
  /** The server. */
  parley: string;
  /** The folder of the page that it serves. */
  site: string;
  /** Where to put a profile of the main thread while an answer streams. */
  profile: string | undefined;
}

export const repository = resolve(import.meta.dirname, '../..');
const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');

export const USAGE = `usage: page.ts [--only ${PARTS.join('|')}] [--quick] [--parley PROGRAM] [--site FOLDER] [--profile FILE]

  --only     one part alone; may be given several times; nothing is kept
  --quick    fewer runs, to try whether it works; nothing is kept
  --parley   the server, else $PARLEY_BIN, else target/release/parley
  --site     the page it serves, else $LEPTOS_SITE_ROOT, else target/site
  --profile  with the part "answer": write a profile of the main thread there, and print its heaviest functions`;

export function options(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      parley: { type: 'string', default: process.env.PARLEY_BIN ?? join(target, 'release/parley') },
      site: { type: 'string', default: process.env.LEPTOS_SITE_ROOT ?? join(repository, 'target/site') },
      profile: { type: 'string' },
    },
  });
  const parts = (values.only ?? PARTS).map(name => {
    const part = PARTS.find(part => part === name);
    if (!part) throw new Error(`there is no part "${name}"`);
    return part;
  });
  const { quick, profile } = values;
  return { parts, quick, parley: there(values.parley), site: there(values.site), profile };
}

/** The server runs in a folder of its own, so that paths must not depend on this one. */
function there(path: string): string {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new Error(`${absolute} is not there; run \`make build\` first, or name another`);
  return absolute;
}
