import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { type Step, startModel } from "../doubles/model.ts";
import { startChain } from "../helpers/chain.ts";
import { claudeTest } from "../helpers/claude.ts";
import { seedHome, startTerminal } from "./terminal.ts";
import { LEFT, RESUMED } from "./terminal-stories.ts";
import { isUntold, read, recorded, told, transcripts, turns } from "./told.ts";

const LIMIT_MS = 240_000;

const SCRIPTS: Record<string, Step[]> = {
  "Say hello": [{ text: "Hello!" }],
  "What is this": [{ text: "A red square." }],
  "Touch the marker": [
    { text: "I need a marker.", tool: "Bash", input: { command: "touch marker.txt" } },
    { text: "The marker is there." },
  ],
};

claudeTest(
  "A2, A4: a pasted image, a dialog that nobody answers, and /resume inside the client are recorded",
  async () => {
    await using chain = await startChain();
    await using model = startModel(SCRIPTS);
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("site");
    const picture = join(cwd, "square.png");
    const bytes = png(40, [200, 0, 0]);
    writeFileSync(picture, bytes);
    seedHome(chain.home, cwd);
    {
      await using terminal = startTerminal(chain, model, { cwd });
      await terminal.shows("manual mode on");
      await terminal.paste(picture, "[Image #1]");
      await terminal.say(" What is this");
      await turns(chain, 1);
      await terminal.say("Touch the marker");
      await terminal.shows("Do you want to proceed?");
      await recorded(chain, "the notice", ({ body }) => body.kind === "permission_prompt");
      await terminal.insist("Enter", "The marker is there.");
      await turns(chain, 2);
      await terminal.say("/clear");
      await recorded(chain, "the command", ({ text }) => text === "/clear");
      await terminal.say("Say hello");
      await turns(chain, 3);
      await terminal.say("/resume");
      await terminal.shows("Resume");
      // The list is there: the other session of this directory is its first, by its first prompt or its last.
      await terminal.shows("Space to preview");
      await terminal.insist("Enter", "The marker is there.");
      await terminal.say("Say hello");
      await turns(chain, 4);
      await terminal.say("/exit");
      expect(await terminal.exited).toBe(0);
    }
    await recorded(chain, "the end", ({ body }) => body.reason === "prompt_input_exit");
    await chain.drained();
    const events = await chain.log("site");
    const sessions = [...new Set(events.map(({ session }) => session))];
    const stories = sessions.map((id) => told(events.filter(({ session }) => session === id)));
    expect(stories).toEqual([RESUMED, LEFT]);
    const image = events.find(({ body }) => body.images);
    expect(image?.body.images).toEqual([expect.objectContaining({ mediaType: "image/png" })]);
    expect(JSON.stringify(events)).not.toContain(bytes.toString("base64").slice(0, 60));

    const alone = transcripts(chain).map((path) => told(read(path)));
    const expected = [RESUMED, LEFT].map((lines) => lines.filter((line) => !isUntold(line)));
    expect(alone.sort(bySize)).toEqual(expected.sort(bySize));
  },
  LIMIT_MS,
);

const bySize = (one: string[], other: string[]): number => other.length - one.length;

/** A square of one colour. */
function png(size: number, colour: [number, number, number]): Buffer {
  const row = Buffer.from([0, ...Array.from({ length: size }, () => colour).flat()]);
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(Bun.hash.crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.from([0, 0, 0, size, 0, 0, 0, size, 8, 2, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.concat(Array.from({ length: size }, () => row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
