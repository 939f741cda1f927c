// What a page sends for, as the browser counts it.
import type { DevTools } from './browser.ts';

export const KINDS = ['document', 'css', 'js', 'wasm', 'other'] as const;
export type Kind = (typeof KINDS)[number];

interface Transfer {
  url: URL;
  kind: Kind;
  /** As sent: compressed, with the head of the answer. 0 where nothing was asked of the server. */
  bytes: number;
  isCached: boolean;
}

export class Traffic {
  private readonly transfers = new Map<string, Transfer>();

  /** Counts from now on. */
  static async of({ cdp }: DevTools): Promise<Traffic> {
    const traffic = new Traffic();
    cdp.on('Network.requestWillBeSent', ({ requestId, request: { url }, type }) => {
      if (/^https?:/.test(url)) {
        traffic.transfers.set(requestId, { url: new URL(url), kind: kind(url, type), bytes: 0, isCached: false });
      }
    });
    cdp.on('Network.requestServedFromCache', ({ requestId }) => traffic.take(requestId, 0, true));
    cdp.on('Network.responseReceived', ({ requestId, response: { fromDiskCache } }) => {
      if (fromDiskCache) traffic.take(requestId, 0, true);
    });
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => traffic.take(requestId, encodedDataLength));
    await cdp.send('Network.enable');
    return traffic;
  }

  /** Requests to other hosts than this one. */
  strays(host: string): number {
    return [...this.transfers.values()].filter(({ url }) => url.host !== host).length;
  }

  bytes(of?: Kind): number {
    return this.sent(of).reduce((total, { bytes }) => total + bytes, 0);
  }

  requests(of?: Kind): number {
    return this.sent(of).length;
  }

  private sent(of?: Kind): Transfer[] {
    const all = [...this.transfers.values()].filter(({ isCached }) => !isCached);
    return of ? all.filter(({ kind }) => kind === of) : all;
  }

  private take(requestId: string, bytes: number, isCached = false): void {
    const transfer = this.transfers.get(requestId);
    if (!transfer) return;
    transfer.bytes += bytes;
    transfer.isCached ||= isCached;
  }
}

function kind(url: string, type: string | undefined): Kind {
  const { pathname } = new URL(url);
  if (type === 'Document') return 'document';
  if (pathname.endsWith('.css')) return 'css';
  if (pathname.endsWith('.wasm')) return 'wasm';
  if (pathname.endsWith('.js') || type === 'Script') return 'js';
  return 'other';
}
