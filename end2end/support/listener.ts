// A server of a few lines, on this machine alone.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Listener {
  readonly url: string;

  private constructor(private readonly server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Each request is handed on with its body. */
  static async start(handle: (request: IncomingMessage, body: string, response: ServerResponse) => Promise<void> | void): Promise<Listener> {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += String(piece);
      await handle(request, body, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Listener(server);
  }

  /** Breaks off whatever is open. */
  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
