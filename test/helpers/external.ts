import { createServer, connect as dial } from "node:net";
import { open } from "../../src/db/db.ts";
import { PORT } from "../../src/db/socket.ts";
import { freshDatabase } from "./postgres.ts";

/**
 * A PostgreSQL as somebody else runs it: an address to connect to, an empty database, and a role that owns it and is no
 * superuser. It is the tests' own, behind a door on loopback.
 */
export async function startExternal() {
  await using stack = new AsyncDisposableStack();
  const fresh = stack.use(await freshDatabase());
  const role = fresh.place.database.replace("test_", "owner_");
  const name = `${fresh.place.database}_empty`;
  const root = open({ ...fresh.place, database: "postgres" }, { max: 1 });
  stack.defer(async () => {
    await root.unsafe(`drop database if exists ${name} with (force)`);
    await root.unsafe(`drop role if exists ${role}`);
    await root.close({ timeout: 1 });
  });
  await root.unsafe(`create role ${role} login password 'external'`);
  await root.unsafe(`create database ${name} owner ${role}`);
  const door = createServer((client) => {
    const server = dial(`${fresh.place.host}/.s.PGSQL.${PORT}`);
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  stack.defer(() => void door.close());
  const address = door.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const owned = stack.move();
  return {
    url: `postgres://${role}:external@127.0.0.1:${port}/${name}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
