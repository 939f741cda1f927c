// The line between browser and server, which can be cut. Everything goes through it byte by byte.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Wire {
  readonly url: string;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private server: Server,
    private readonly far: number,
    private readonly near: number,
  ) {
    this.url = `http://127.0.0.1:${near}`;
    this.accept(server);
  }

  /** A line to the server at that address. */
  static async to(url: string): Promise<Wire> {
    const server = await listening(0);
    return new Wire(server, Number(new URL(url).port), (server.address() as AddressInfo).port);
  }

  /** Ends all connections and refuses new ones. */
  async cut(): Promise<void> {
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Accepts connections again, at the same address. */
  async mend(): Promise<void> {
    this.server = await listening(this.near);
    this.accept(this.server);
  }

  private accept(server: Server): void {
    server.on('connection', near => {
      const far = connect(this.far, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.sockets.add(one);
        one.setNoDelay(true);
        one.pipe(other);
        // What ends one side, ends the other; how it ended is the test's affair.
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
  }
}

async function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
