// What watches from inside the page. It is there before the page's own scripts and touches nothing of them.
import type { Page } from '@playwright/test';

/** A key that was pressed, by the page's clock. */
export interface Press {
  /** From the press to the frame in which it shows, in milliseconds. */
  delay: number;
  /** When that frame was painted. */
  paintedAt: number;
  /** When it was pressed, by the clock on the wall. */
  at: number;
  /** What the field held then. */
  value: string;
}

export interface Frames {
  /** Frames that came more than 33 ms after the one before, so that at least one between was dropped. */
  late: number;
  /** The longest time between two. */
  longest: number;
}

export interface LongTasks {
  count: number;
  total: number;
  longest: number;
}

export interface Probe {
  /** When the page said that it answers; undefined while it has not. */
  hydratedAt: number | undefined;
  presses: Press[];
  /** The durations that the browser itself reports for key presses, from 16 ms on, in steps of 8. */
  slowPresses: number[];
  /** Once the next frame is on the screen, as far as the main thread knows. */
  painted(): Promise<number>;
  /** Calls `seen` after each frame until it answers with something else than undefined, and says when that was. Gives up in the end. */
  until<T>(seen: () => T | undefined): Promise<{ at: number; found: T }>;
  /** The same for text at the very end of the last answer. */
  untilAnswerEndsWith(words: string): Promise<number>;
  /** Counts frames and long tasks from now on. */
  watch(): () => { frames: Frames; longTasks: LongTasks };
  /** All nodes in the document, and those of them that are elements. */
  size(): { nodes: number; elements: number };
  /** The linear memories of all WASM modules, in bytes. */
  wasmMemory(): number;
}

declare const scheduler: { postTask(task: () => void, options: { priority: 'user-blocking' }): Promise<void> };

declare global {
  interface Window {
    probe: Probe;
  }
}

/** Call once, before the page loads. */
export async function install(page: Page): Promise<void> {
  await page.addInitScript(observe);
}

/** Goes to an address of Parley and waits until the page answers. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => window.probe.hydratedAt !== undefined);
}

/** Runs in the page, so that all it needs stands in it. */
function observe(): void {
  /** The slowest answer takes 100 s. */
  const PATIENCE_MS = 180_000;

  const painted = () =>
    new Promise<number>(resolve => {
      requestAnimationFrame(() => {
        // A task asked for while a frame is made runs after its layout and its painting; an urgent one before all that has
        // come from the network meanwhile.
        void scheduler.postTask(() => resolve(performance.now()), { priority: 'user-blocking' });
      });
    });

  const tasks: PerformanceEntry[] = [];
  const longTasks = new PerformanceObserver(list => tasks.push(...list.getEntries()));
  longTasks.observe({ type: 'longtask', buffered: true });

  /** Its last characters; to read all of them in every frame would be a load of its own. */
  const ending = (length: number) => {
    const body = [...document.querySelectorAll('article[data-message-type="assistant"]')].at(-1)?.querySelector('.body');
    if (!body) return '';
    const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    let node: Node = body;
    while (node.lastChild) node = node.lastChild;
    texts.currentNode = node;
    let text = node.nodeValue?.trimEnd() ?? '';
    while (text.length < length && texts.previousNode()) text = (texts.currentNode.nodeValue + text).trimEnd();
    return text;
  };

  // A module keeps its memory to itself; what starts it is handed it.
  const memories = new Set<WebAssembly.Memory>();
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const started = await instantiateStreaming(source, imports);
    const { memory } = started.instance.exports;
    if (memory instanceof WebAssembly.Memory) memories.add(memory);
    return started;
  };

  const probe: Probe = {
    hydratedAt: undefined,
    presses: [],
    slowPresses: [],
    painted,

    async until(seen) {
      const due = performance.now() + PATIENCE_MS;
      for (;;) {
        const at = await painted();
        const found = seen();
        if (found !== undefined) return { at, found };
        if (at > due) throw new Error(`it did not come to be that ${seen}`);
      }
    },

    async untilAnswerEndsWith(words) {
      const { at } = await probe.until(() => ending(words.length).endsWith(words) || undefined);
      return at;
    },

    watch() {
      const begun = performance.now();
      const gaps: number[] = [];
      let former: number | undefined;
      let request = requestAnimationFrame(function frame(now) {
        if (former !== undefined) gaps.push(now - former);
        former = now;
        request = requestAnimationFrame(frame);
      });
      return () => {
        cancelAnimationFrame(request);
        tasks.push(...longTasks.takeRecords());
        const durations = tasks.filter(task => task.startTime >= begun).map(({ duration }) => duration);
        return {
          frames: { late: gaps.filter(gap => gap > 33).length, longest: Math.max(0, ...gaps) },
          longTasks: {
            count: durations.length,
            total: durations.reduce((total, duration) => total + duration, 0),
            longest: Math.max(0, ...durations),
          },
        };
      };
    },

    size() {
      const nodes = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
      let count = 1;
      while (nodes.nextNode()) count += 1;
      return { nodes: count, elements: document.querySelectorAll('*').length };
    },

    wasmMemory() {
      return [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
    },
  };
  window.probe = probe;

  let pressedAt: number | undefined;
  addEventListener('keydown', event => (pressedAt = event.timeStamp), { capture: true });
  addEventListener(
    'input',
    event => {
      const [field, begun] = [event.target, pressedAt];
      pressedAt = undefined;
      if (!(field instanceof HTMLTextAreaElement) || begun === undefined) return;
      const value = field.value;
      void painted().then(paintedAt => {
        const delay = paintedAt - begun;
        probe.presses.push({ delay, paintedAt, at: Date.now() - delay, value });
      });
    },
    { capture: true },
  );
  new PerformanceObserver(list => {
    const presses = list.getEntries().filter(({ name }) => name === 'keydown');
    probe.slowPresses.push(...presses.map(({ duration }) => duration));
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);

  new MutationObserver((_, observer) => {
    // The document element is not there yet when this begins.
    if (document.documentElement?.dataset.hydrated === undefined) return;
    probe.hydratedAt = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-hydrated'] });
}
