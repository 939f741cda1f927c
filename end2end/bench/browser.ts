// The browser, with the flags of the tests, and what it says of a page through the DevTools protocol.
import { chromium, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../playwright.config.ts';
import { install } from './probe.ts';

/** How long anything may take before it counts as not coming at all. */
export const PATIENCE = 60_000;

/** A folder for a browser's profile, removed after its use. */
export async function withProfile<T>(use: (profile: string) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'parley-profile-'));
  try {
    return await use(profile);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One page, with a probe in it, of a browser that has this profile and ends with the use. */
export async function withPage<T>(profile: string, use: (page: Page, devtools: DevTools) => Promise<T>): Promise<T> {
  const { viewport, locale, timezoneId, launchOptions } = config.use ?? {};
  const context = await chromium.launchPersistentContext(profile, { ...launchOptions, viewport, locale, timezoneId });
  try {
    context.setDefaultTimeout(PATIENCE);
    const page = context.pages()[0] ?? (await context.newPage());
    await install(page);
    return await use(page, await DevTools.of(context, page));
  } finally {
    await context.close();
  }
}

/** One page of a browser with an empty profile. */
export function withFreshPage<T>(use: (page: Page, devtools: DevTools) => Promise<T>): Promise<T> {
  return withProfile(profile => withPage(profile, use));
}

export async function browserVersion(): Promise<string> {
  const browser = await chromium.launch(config.use?.launchOptions);
  const version = browser.version();
  await browser.close();
  return version;
}

export interface Memory {
  /** What scripts hold, in bytes. */
  heap: number;
  /** The linear memories of WASM modules, in bytes; they never shrink. */
  wasm: number;
  /** Nodes that are held, in the document or not. */
  nodes: number;
  listeners: number;
}

/** Seconds of the main thread since the page began, by what they went on. */
export interface Work {
  task: number;
  script: number;
  style: number;
  layout: number;
}

/** As much of it as is read here; the nodes' fields stand one after the other. */
interface HeapSnapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[], ...unknown[]] } };
  nodes: number[];
}

export class DevTools {
  private constructor(
    readonly cdp: CDPSession,
    private readonly page: Page,
  ) {}

  static async of(context: BrowserContext, page: Page): Promise<DevTools> {
    const cdp = await context.newCDPSession(page);
    await cdp.send('Performance.enable');
    return new DevTools(cdp, page);
  }

  async metrics(): Promise<Record<string, number>> {
    const { metrics } = await this.cdp.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  async work(): Promise<Work> {
    const { TaskDuration, ScriptDuration, RecalcStyleDuration, LayoutDuration } = await this.metrics();
    return { task: TaskDuration!, script: ScriptDuration!, style: RecalcStyleDuration!, layout: LayoutDuration! };
  }

  /** What is still held once all that can be collected has been. */
  async memory(): Promise<Memory> {
    // What the first collection lets go of may hold what only the next one finds.
    for (let round = 0; round < 3; round += 1) await this.cdp.send('HeapProfiler.collectGarbage');
    const wasm = await this.page.evaluate(() => window.probe.wasmMemory());
    const { JSHeapUsedSize, Nodes, JSEventListeners } = await this.metrics();
    return { heap: JSHeapUsedSize!, wasm, nodes: Nodes!, listeners: JSEventListeners! };
  }

  /**
   * The bytes of the page's own objects: the heap without the code that the engine compiles as a page is used, and without
   * the records that the browser keeps of every page, of its requests and its history among them.
   */
  async objects(): Promise<number> {
    let text = '';
    const gather = ({ chunk }: { chunk: string }) => (text += chunk);
    this.cdp.on('HeapProfiler.addHeapSnapshotChunk', gather);
    // It begins with a collection of its own.
    await this.cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    this.cdp.off('HeapProfiler.addHeapSnapshotChunk', gather);
    const { snapshot, nodes } = JSON.parse(text) as HeapSnapshot;
    const { node_fields: fields, node_types: types } = snapshot.meta;
    const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')];
    const browsers = ['code', 'native'].map(name => types[0].indexOf(name));
    let bytes = 0;
    for (let at = 0; at < nodes.length; at += fields.length) {
      if (!browsers.includes(nodes[at + type]!)) bytes += nodes[at + size]!;
    }
    return bytes;
  }
}
