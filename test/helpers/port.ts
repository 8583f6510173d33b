import { createServer } from "node:net";

/**
 * A free port, for who must tell it to others before listening on it. It lies below those that systems give out by
 * themselves (Linux from 32768, macOS from 49152): of these, a connection of any test may take the very one that was
 * just found free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) return port;
  }
}

/** On loopback, and for who listens on all addresses. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
