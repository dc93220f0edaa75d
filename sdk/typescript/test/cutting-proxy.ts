/** A proxy that breaks connections on purpose: what a bad network does, when a test says so. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";

/** An address in front of a server. It knows nothing of HTTP: it passes bytes on, or does not. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How many of the next connections are closed at once. */
  refuse = 0;
  /** How many of the next answers do not come, and break their connections. */
  swallow = 0;
  /** After how many bytes of answers new connections break; 0: they do not. */
  cutAfterBytes = 0;

  constructor(readonly target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      this.#take(client);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Break every open connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #take(client: Socket): void {
    if (this.refuse > 0) {
      this.refuse -= 1;
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.target);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // the other side is broken too, below
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.resetAndDestroy();
      });
    }
    client.on("data", (piece) => server.write(piece));
    this.#passBack(server, client, this.cutAfterBytes);
  }

  #passBack(server: Socket, client: Socket, bytesMax: number): void {
    let passed = 0;
    server.on("data", (piece) => {
      if (this.swallow > 0) {
        this.swallow -= 1;
        client.resetAndDestroy();
        return;
      }
      const left = bytesMax > 0 ? bytesMax - passed : piece.length;
      passed += piece.length;
      client.write(piece.subarray(0, left));
      if (bytesMax > 0 && passed >= bytesMax) client.destroySoon();
    });
  }
}
