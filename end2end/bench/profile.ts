// Where the main thread's time goes: a profile that Chromium's tools can open, and its heaviest functions.
import { writeFileSync } from 'node:fs';
import type { DevTools } from './browser.ts';

const SAMPLE_US = 200;
const SHOWN = 25;

export async function profiled(devtools: DevTools, file: string, use: () => Promise<unknown>): Promise<void> {
  const { cdp } = devtools;
  await cdp.send('Profiler.enable');
  await cdp.send('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await cdp.send('Profiler.start');
  await use();
  const { profile } = await cdp.send('Profiler.stop');
  writeFileSync(file, JSON.stringify(profile));

  const times = new Map<string, number>();
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const where = url && !url.startsWith('wasm:') ? ` (${url.split('/').at(-1)}:${lineNumber + 1})` : '';
      return [id, `${functionName || '(anonymous)'}${where}`];
    }),
  );
  profile.samples?.forEach((id, at) => {
    const name = names.get(id)!;
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas?.[at] ?? 0) / 1_000);
  });
  const heaviest = [...times].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  console.error(`bench-page: ${file}; its heaviest functions, in themselves:`);
  for (const [name, time] of heaviest) console.error(`${time.toFixed(1).padStart(9)} ms  ${name}`);
}
