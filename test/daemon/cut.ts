import { mkdirSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { World } from "./world.ts";

/** What happens to an answer on its way: it passes, or its connection breaks. */
export type Fate = "pass" | "break";

/**
 * A stretch of line between an agent's side and the recorder: another home, behind whose socket the recorder answers.
 * `meet` sees each answer before the far end does, by the path that was asked for.
 */
export async function startCut(world: Pick<World, "folder" | "place">) {
  const home = join(world.folder, "far");
  mkdirSync(home, { mode: 0o700 });
  let meet: (path: string) => Fate | Promise<Fate> = () => "pass";
  const all = new Set<Socket>();
  const shut = new Set<string>();
  const server = createServer((near) => {
    let asked = "";
    const far = connect(world.place.socket);
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      all.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        all.delete(socket);
        end();
      });
    }
    near.on("data", (bytes) => {
      asked = /^(?:GET|POST) (\S+) /.exec(bytes.toString("latin1"))?.[1] ?? asked;
      if (shut.has(asked)) end();
      else far.write(bytes);
    });
    let turn = Promise.resolve();
    far.on("data", (bytes) => {
      const path = asked;
      turn = turn.then(async () => {
        if ((await meet(path)) === "pass") near.write(bytes);
        else end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(join(home, "daemon.sock"), resolve));
  return {
    home,
    onAnswer(next: typeof meet) {
      meet = next;
    },
    /** From now on nothing that is asked there arrives. */
    stopAt: (path: string) => void shut.add(path),
    async [Symbol.asyncDispose]() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
