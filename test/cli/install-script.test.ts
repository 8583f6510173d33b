import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporary } from "../helpers/temp.ts";

const SCRIPT = join(import.meta.dir, "../../install.sh");
const NAME = `polaris-${process.platform}-${process.arch}`;
const PROGRAM = "#!/bin/sh\necho 1.2.3\n";
const SUM = new Bun.CryptoHasher("sha256").update(PROGRAM).digest("hex");

/** Runs install.sh against a server that has these files. */
async function install(home: string, files: Record<string, string>, command = ["sh", SCRIPT]) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ url }) {
      const body = files[new URL(url).pathname.slice(1)];
      return body === undefined ? new Response("", { status: 404 }) : new Response(body);
    },
  });
  const child = Bun.spawn(command, {
    env: { PATH: process.env.PATH, HOME: home, POLARIS_RELEASES_URL: String(server.url) },
    stdout: "ignore",
    stderr: "pipe",
  });
  const words = await new Response(child.stderr).text();
  const code = await child.exited;
  await server.stop(true);
  return { code, words };
}

test("I4: install.sh puts the verified executable into ~/.local/bin", async () => {
  await using home = temporary();
  const { code, words } = await install(home.path, {
    [NAME]: PROGRAM,
    SHA256SUMS: `${"0".repeat(64)}  polaris-other\n${SUM}  ${NAME}\n`,
  });
  expect(words).toContain("installed polaris 1.2.3");
  expect(code).toBe(0);
  expect(Bun.spawnSync([join(home.path, ".local/bin/polaris")]).stdout.toString()).toBe("1.2.3\n");
  expect(readdirSync(join(home.path, ".local/bin"))).toEqual(["polaris"]);
});

test.each([
  [
    "a file that is not the named one",
    { [NAME]: `${PROGRAM}#`, SHA256SUMS: `${SUM}  ${NAME}\n` },
    "not the file",
  ],
  [
    "a file that is not listed",
    { [NAME]: PROGRAM, SHA256SUMS: `${SUM}  other\n` },
    "does not list",
  ],
  ["a file that is missing", { SHA256SUMS: `${SUM}  ${NAME}\n` }, "could not fetch"],
  ["missing sums", { [NAME]: PROGRAM }, "could not fetch"],
])("I4: install.sh installs nothing from %s", async (_, files: Record<string, string>, why) => {
  await using home = temporary();
  const { code, words } = await install(home.path, files);
  expect(words).toContain(why);
  expect(code).toBe(1);
  expect(readdirSync(join(home.path, ".local/bin"))).toEqual([]);
});

test("I4: install.sh cut short by a broken connection runs nothing", async () => {
  await using home = temporary();
  const text = readFileSync(SCRIPT, "utf8");
  const cut = join(home.path, "cut.sh");
  await Bun.write(cut, text.slice(0, text.lastIndexOf("main")));
  const files = { [NAME]: PROGRAM, SHA256SUMS: `${SUM}  ${NAME}\n` };
  expect(await install(home.path, files, ["sh", cut])).toEqual({ code: 0, words: "" });
  expect(existsSync(join(home.path, ".local"))).toBe(false);
});
