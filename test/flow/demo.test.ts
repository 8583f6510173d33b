import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { launch, noBrowser } from "../helpers/browser.ts";
import { tokenBy } from "../helpers/owner.ts";
import { program, root, startService } from "../helpers/service.ts";
import { temporary } from "../helpers/temp.ts";
import { conversation, isLive } from "./page.ts";

setDefaultTimeout(90_000);

test("H1: polaris demo, given an empty directory, plays its sessions whole and ends", async () => {
  await using folder = temporary("plrs-demo-");
  await using demo = startDemo(folder.path, "--fast", "--once");
  const link = await demo.link();
  expect(link.pathname).toBe("/claim");
  expect(link.searchParams.get("next")).toMatch(/^\/app\/p\/demo\/s\/s-[0-9a-f]{4}$/);
  expect(await demo.exited).toBe(0);
  expect(processesOf(folder.path)).toEqual([]);

  const dataDir = join(folder.path, "demo/server");
  await using serve = startService({
    args: () => ["serve", "--json", "--port", "0", "--data-dir", dataDir],
    env: { PATH: process.env.PATH ?? "", HOME: folder.path },
    log: join(folder.path, "server.log"),
  });
  const { url } = z.object({ url: z.string() }).parse(await serve.start());
  const sessions = await (await api(url, dataDir)).sessions();
  expect(sessions.map(({ state }) => state)).toEqual(["finished", "finished"]);
});

test("H1: the demo is seen moving, leaves nothing behind, and its next start goes on with what is there", async () => {
  await using folder = temporary("plrs-demo-");
  const before = await watchOnce(folder.path);

  await using again = startDemo(folder.path, "--fast");
  const base = (await again.link()).origin;
  const server = await api(base, join(folder.path, "demo/server"));
  await until(async () => (await server.sessions()).length >= before.sessions.length + 2, {
    timeoutMs: 30_000,
    what: "the next sessions",
  });
  const names = (await server.sessions()).map(({ name }) => name);
  for (const { name } of before.sessions) expect(names).toContain(name);
  const log = await server.log(before.log.length);
  expect(log.map(({ id, seq }) => [id, seq])).toEqual(before.log.map(({ id, seq }) => [id, seq]));
  await again.interrupt();
});

/** The first start: watched in a browser as it plays, then ended by Ctrl-C in the middle. */
async function watchOnce(folder: string) {
  await using demo = startDemo(folder);
  const link = await demo.link();
  const server = await api(link.origin, join(folder, "demo/server"));
  if (!noBrowser) {
    await using browser = await launch();
    const page = await browser.newPage();
    await page.goto(link.href);
    expect(new URL(page.url()).pathname).toBe(link.searchParams.get("next") ?? "");
    await isLive(page);
    await page.evaluate(() => document.body.setAttribute("data-same-page", "yes"));
    const [first] = [await conversation(page)];
    const lines = await until(
      async () => {
        const now = await conversation(page);
        const prompts = (all: string[]) => all.filter((line) => line.startsWith("prompt:")).length;
        return prompts(now) > prompts(first) && now.length >= first.length + 4 && now;
      },
      { timeoutMs: 40_000, everyMs: 100, what: "new prompts on the page" },
    );
    expect(lines.slice(0, first.length)).toEqual(first);
    expect(await page.locator("[data-same-page]").count()).toBe(1);
  } else {
    await until(async () => (await server.log()).length > 10, { timeoutMs: 40_000 });
  }
  const sessions = await server.sessions();
  const log = await server.log();
  await demo.interrupt();
  expect(processesOf(folder)).toEqual([]);
  return { sessions, log };
}

function startDemo(folder: string, ...args: string[]) {
  const command = [...program, "demo", "--port", "0", "--dir", join(folder, "demo"), ...args];
  const child = Bun.spawn(command, {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    env: { PATH: process.env.PATH ?? "", HOME: folder },
  });
  let out = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const part of child.stdout) out += decoder.decode(part, { stream: true });
  })();
  return {
    exited: child.exited,
    link: () =>
      until(() => /http:\S+\/claim\S+/.exec(out)?.[0], {
        timeoutMs: 60_000,
        what: "the demo's link",
      }).then((text) => new URL(text)),
    /** Ctrl-C. */
    async interrupt() {
      child.kill("SIGINT");
      expect(await child.exited).toBe(0);
      await reading;
      expect(out).toEndWith("Stopping.\n");
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function api(url: string, dataDir: string) {
  const asked = ["serve", "--sign-in", "manu@example.com", "--json", "--data-dir", dataDir];
  const said = await new Response(Bun.spawn([...program, ...asked], { cwd: root }).stdout).text();
  const token = await tokenBy(z.object({ url: z.url() }).parse(JSON.parse(said)).url);
  const get = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    return await (await fetch(`${url}/projects/demo${path}`, { headers })).json();
  };
  return {
    sessions: async () => ((await get("/sessions?limit=500")) as Page<Session>).items,
    log: async (limit = 500) =>
      ((await get(`/messages?after=0&limit=${limit}`)) as Page<StoredEvent>).items,
  };
}

/** Every process whose command or directory names this folder. */
function processesOf(folder: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return command.includes(folder) ? [command] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
