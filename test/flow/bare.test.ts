import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { findDebian } from "../../scripts/debian.ts";
import { makeKeys } from "../../scripts/sign.ts";
import { until } from "../../src/lib/until.ts";
import { browserOf } from "../helpers/owner.ts";
import { startSlack } from "../helpers/slack.ts";
import { startBox } from "./box.ts";

const ROOT = join(import.meta.dir, "../..");
const RECORDED = join(ROOT, "test/fixtures/claude-code-2.1.329/transcripts/print-continue.jsonl");
const PORT = 20_000 + (process.pid % 10_000);

/** The root file system, or why there is none here. */
const debian = ((): { path: string } | { why: string } => {
  try {
    return { path: findDebian() };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
})();
const why = "why" in debian ? ` (skipped: ${debian.why})` : "";

// Not `temporary`: its walk would follow a system's links (/dev/fd) out of the folder.
const folder = mkdtempSync(join(tmpdir(), "polaris-bare-"));
chmodSync(folder, 0o755);
afterAll(() => void Bun.spawnSync(["rm", "-rf", "--one-file-system", folder]));

/** A release directory, signed, behind a web server on loopback. */
function release() {
  const keys = makeKeys();
  const out = join(folder, "release");
  const target = `${process.platform}-${process.arch}`;
  const made = Bun.spawnSync(
    [process.execPath, "scripts/release.ts", "--target", target, "--out", out],
    { cwd: ROOT, env: { ...process.env, POLARIS_RELEASE_SECRET_KEY: keys.secretKey } },
  );
  if (made.exitCode !== 0) throw new Error(String(made.stderr));
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => new Response(Bun.file(join(out, new URL(url).pathname))),
  });
  return { url: `http://127.0.0.1:${server.port}`, server };
}

const Setup = z.object({ unit: z.string(), claimUrl: z.string(), publicUrl: z.string() });

test.skipIf("why" in debian)(
  `I3, I4: from a bare Debian to a team's server and a colleague's recorded session${why}`,
  async () => {
    if ("why" in debian) return;
    const startedAt = performance.now();
    const { url, server } = release();
    await using slack = startSlack();
    const install = `curl -fsS ${url}/install.sh | POLARIS_RELEASES_URL=${url} sh`;

    // The server: installed, set up, its unit started by hand because no systemd runs in a chroot.
    await using house = startBox(debian.path, join(folder, "house"));
    await house.run(install);
    const setup = Setup.parse(
      JSON.parse(
        await house.run(
          `polaris setup --server --yes --json --service systemd --port ${PORT} --backup-to /var/backups/polaris \
            --slack-client-id ${slack.clientId} --slack-client-secret ${slack.clientSecret} \
            --slack-app-token ${slack.appToken} --slack-api-url ${slack.apiUrl}`,
        ),
      ),
    );
    const unit = readFileSync(join(house.root, setup.unit), "utf8");
    const setting = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";
    expect(setting("User")).toBe("polaris");
    const who = `${setting("User")}:${setting("Group")}`;
    house.spawn(setting("ExecStart").split(" "), {}, who);
    const ready = async () => (await fetch(`http://127.0.0.1:${PORT}/readyz`)).ok;
    await until(ready, { timeoutMs: 60_000, what: "the server to be ready" });

    // Claimed by the link that setup printed.
    const cookie = await browserOf(setup.claimUrl);
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    const page = async (path: string) => {
      const asked = { headers: { cookie, "sec-fetch-mode": "navigate", "sec-fetch-site": "none" } };
      return await (await fetch(`http://localhost:${PORT}${path}`, asked)).text();
    };

    // Slack is connected through its page of consent.
    const browse = (path: string) =>
      fetch(new URL(path, `http://localhost:${PORT}`), { headers, redirect: "manual" });
    const consent = (await browse("/slack/connect")).headers.get("location") ?? "";
    const agreed = (await fetch(consent, { redirect: "manual" })).headers.get("location") ?? "";
    const { pathname, search } = new URL(agreed);
    expect((await browse(pathname + search)).status).toBe(303);

    // A colleague's machine: another system, an ordinary user, joined by a code.
    await using desk = startBox(debian.path, join(folder, "desk"));
    await desk.run("useradd --create-home krishna");
    const id = await desk.run("id -u krishna");
    const own = `${id.trim()}:${(await desk.run("id -g krishna")).trim()}`;
    const env = { HOME: "/home/krishna", PATH: "/home/krishna/.local/bin:/usr/bin:/bin" };
    await desk.run(install, env, own);
    const joining = desk.spawn(
      ["polaris", "setup", "--join", setup.publicUrl, "--device"],
      env,
      own,
    );
    let said = "";
    void (async () => {
      for await (const part of joining.stderr.pipeThrough(new TextDecoderStream())) said += part;
    })();
    const code = await until(() => /code\s+([A-Z0-9]{4}-[A-Z0-9]{4})/.exec(said)?.[1], {
      timeoutMs: 30_000,
      what: "the code to type",
    });
    const decided = await fetch(`http://localhost:${PORT}/auth/device/decision`, {
      method: "POST",
      headers,
      body: new URLSearchParams({ user_code: code, decision: "approve" }),
      redirect: "manual",
    });
    expect(decided.status).toBeLessThan(400);
    expect(await joining.exited).toBe(0);

    // A session of a coding agent there, in a linked directory.
    await desk.run("mkdir -p ~/code/website && polaris link website ~/code/website", env, own);
    // As if it were happening now: what is older, Slack only sums up.
    const told = readFileSync(RECORDED, "utf8").replace(
      /"timestamp":"[^"]+"/g,
      `"timestamp":"${new Date().toISOString()}"`,
    );
    const session = /"sessionId":"([^"]+)"/.exec(told)?.[1] ?? "";
    const transcripts = "/home/krishna/.claude/projects/-home-krishna-code-website";
    mkdirSync(join(desk.root, transcripts), { recursive: true });
    writeFileSync(join(desk.root, transcripts, `${session}.jsonl`), told);
    const payload = {
      session_id: session,
      transcript_path: `${transcripts}/${session}.jsonl`,
      cwd: "/home/krishna/code/website",
      hook_event_name: "SessionStart",
      source: "startup",
    };
    await desk.run(`echo '${JSON.stringify(payload)}' | polaris hook --agent claude`, env, own);

    // It shows in the dashboard.
    const name = await until(
      async () => /\/app\/p\/website\/s\/(s-[0-9a-f]+)/.exec(await page("/app/p/website"))?.[1],
      { timeoutMs: 30_000, what: "the session in the project's page" },
    );
    await until(async () => (await page(`/app/p/website/s/${name}`)).includes("And again"), {
      timeoutMs: 30_000,
      what: "the prompt in the session's page",
    });
    // And in Slack, in the project's channel.
    const messages = () =>
      [...slack.team().channels.values()].find((it) => it.name === "website")?.messages ?? [];
    await until(() => messages().some((it) => String(it.text).includes("And again")), {
      timeoutMs: 30_000,
      what: "the prompt in Slack",
    });
    // Its first backup is there, taken by itself.
    await until(async () => (await house.run("ls /var/backups/polaris")).includes(".zst"), {
      timeoutMs: 30_000,
    });
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`from nothing to a recorded session: ${seconds.toFixed(0)} s`);
    expect(seconds).toBeLessThan(300);
    await server.stop(true);
  },
  300_000,
);
