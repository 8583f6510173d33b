import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { readCredentials } from "../../src/machine/credentials.ts";
import { paths } from "../../src/machine/paths.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { type Person, startPerson } from "../server/machine.ts";
import { program, start, world } from "./program.ts";

let polaris: Polaris;
let manu: Person;
const logged: string[] = [];
beforeAll(async () => {
  const keep = (event: string, fields: Record<string, unknown> = {}) =>
    void logged.push(JSON.stringify({ event, ...fields }));
  polaris = await startPolaris({ log: { info: keep, warn: keep, error: keep } });
  manu = await startPerson(polaris);
});
afterAll(() => polaris[Symbol.asyncDispose]());

type Here = ReturnType<typeof world>;

/** `polaris …` as a process whose words can be read while it runs; under a mask that would let everybody read. */
function run(here: Here, args: string[], env: Record<string, string> = {}) {
  const command = [...program, ...args].map((word) => `'${word}'`).join(" ");
  const child = Bun.spawn(["sh", "-c", `umask 000; exec ${command}`], {
    env: { ...here.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = { out: "", err: "" };
  const read = async (stream: ReadableStream<Uint8Array>, to: "out" | "err") => {
    const decoder = new TextDecoder();
    for await (const part of stream) said[to] += decoder.decode(part, { stream: true });
  };
  const done = Promise.all([read(child.stdout, "out"), read(child.stderr, "err"), child.exited]);
  return {
    pid: child.pid,
    said,
    ended: async () => ({ code: (await done)[2], ...said }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await done;
    },
  };
}

const filesOf = (here: Here) => {
  const place = paths(here.polarisHome);
  return { place, now: readCredentials(place.credentials) };
};

const SECRET = /pol_[a-z]_[\w-]{20,}|eyJ[\w-]+\./;

describe("polaris login (F3)", () => {
  browserTest(
    "opens a browser, where a person says yes, and leaves nothing for others to read",
    async () => {
      using here = world();
      await using login = run(here, ["login", "--url", polaris.url, "--no-open", "--json"]);
      const address = await until(() => /http\S+authorize\S+/.exec(login.said.err)?.[0]);
      expect(readFileSync(`/proc/${login.pid}/cmdline`, "utf8")).not.toMatch(SECRET);
      await using browser = await openBrowser();
      await browser.page
        .context()
        .addCookies([{ name: "polaris_session", value: manu.secret, url: polaris.url }]);
      await browser.page.goto(address);
      await browser.page.getByRole("button", { name: "Let it in" }).click();
      await browser.page.waitForURL("http://127.0.0.1:*/callback**");
      expect(await browser.page.textContent("body")).toContain("is signed in");
      const { code, out, err } = await login.ended();
      expect({ code, err: err.match(SECRET) }).toEqual({ code: 0, err: null });
      expect(JSON.parse(out)).toEqual({
        url: polaris.url,
        participant: manu.participant,
        org: polaris.caller.org,
        profile: "local",
      });
      const { place, now } = filesOf(here);
      expect(statSync(place.home).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(place.home)) {
        expect([name, statSync(join(place.home, name)).mode & 0o077]).toEqual([name, 0]);
      }
      expect(now.profiles.local).toMatchObject({ url: polaris.url, participant: "user:manu" });
      expect(now.profiles.local?.access?.token).toMatch(/^eyJ/);
      expect(browser.complaints).toEqual([]);
      expect(logged.join("\n")).not.toMatch(SECRET);
    },
  );

  browserTest(
    "a refusal in the browser ends it with a word and leaves no credentials",
    async () => {
      using here = world();
      await using login = run(here, ["login", "--url", polaris.url, "--no-open"]);
      const address = await until(() => /http\S+authorize\S+/.exec(login.said.err)?.[0]);
      await using browser = await openBrowser();
      await browser.page
        .context()
        .addCookies([{ name: "polaris_session", value: manu.secret, url: polaris.url }]);
      await browser.page.goto(address);
      await browser.page.getByRole("button", { name: "Refuse" }).click();
      const { code, err } = await login.ended();
      expect(code).toBe(1);
      expect(err).toContain("refused in the browser");
      expect(filesOf(here).now.profiles).toEqual({});
    },
  );

  test("a foreign page that finds the port does not disturb the sign-in that waits", async () => {
    using here = world();
    await using login = run(here, ["login", "--url", polaris.url, "--no-open"]);
    const address = await until(() => /http\S+authorize\S+/.exec(login.said.err)?.[0]);
    const fields = Object.fromEntries(new URL(address).searchParams);
    const callback = fields.redirect_uri ?? "";
    for (const query of ["?code=x", "?code=x&state=wrong", "?error=access_denied&state=x"]) {
      expect((await fetch(callback + query)).status).toBe(400);
    }
    const back = await manu.form("/auth/authorize", { ...fields, decision: "approve" });
    const page = await fetch(back.headers.get("location") ?? "");
    expect(await page.text()).not.toMatch(SECRET);
    expect((await login.ended()).code).toBe(0);
  });

  test("by a code typed into a browser anywhere", async () => {
    using here = world();
    await using login = run(here, ["login", "--url", polaris.url, "--device", "--json"]);
    const code = await until(() => /[B-Z]{4}-[B-Z]{4}/.exec(login.said.err)?.[0]);
    expect(login.said.err).toContain("/auth/device");
    await manu.form("/auth/device/decision", { user_code: code, decision: "approve" });
    expect((await login.ended()).code).toBe(0);
    expect(filesOf(here).now.profiles.local?.refresh).toMatch(/^pol_r_/);
    const status = await polaris.json("/me", {
      as: filesOf(here).now.profiles.local?.access?.token ?? null,
    });
    expect(status).toMatchObject({ participant: "user:manu" });
  }, 20_000);

  test("by an API token from standard input, which no process list shows", async () => {
    using here = world();
    const args = ["login", "--url", polaris.url, "--token", "-", "--participant", "user:krishna"];
    const ran = await start([...program, ...args], here.env, `${polaris.token}\n`);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).not.toContain(polaris.token);
    expect(filesOf(here).now.profiles.local).toMatchObject({
      token: polaris.token,
      participant: "user:krishna",
      org: polaris.caller.org,
    });
  });

  test.each([
    [["--url", "ftp://x"], 2],
    [["--url", "nothing"], 2],
    [["--profile", "../up"], 2],
    [["--url", "http://127.0.0.1:1", "--device"], 4],
    [["--token", "pol_a_wrong"], 3],
  ])("%j ends with %d and changes nothing", async (args, code) => {
    using here = world();
    const env = { ...here.env, POLARIS_SERVICE_URL: polaris.url };
    const ran = await start([...program, "login", ...args], env);
    expect(ran.code).toBe(code);
    expect(ran.err).not.toMatch(SECRET);
    expect(filesOf(here).now.profiles).toEqual({});
  });
});

describe("profiles (F3)", () => {
  const signIn = (here: Here, profile: string) =>
    start(
      [...program, "login", "--url", polaris.url, "--token", "-", "--profile", profile],
      here.env,
      polaris.token,
    );
  const polarisRun = (here: Here, ...args: string[]) => start([...program, ...args], here.env);

  test("several sign-ins live side by side; one is current, and can be chosen and left", async () => {
    using here = world();
    await signIn(here, "home");
    await signIn(here, "work");
    const list = async () =>
      JSON.parse((await polarisRun(here, "profiles", "--json")).out).map(
        ({ name, current }: { name: string; current: boolean }) => (current ? `*${name}` : name),
      );
    expect(await list()).toEqual(["home", "*work"]);
    expect((await polarisRun(here, "use", "home")).code).toBe(0);
    expect(await list()).toEqual(["*home", "work"]);
    expect((await polarisRun(here, "use", "nowhere")).code).toBe(2);
    expect((await polarisRun(here, "logout")).code).toBe(0);
    expect(await list()).toEqual(["*work"]);
    await signIn(here, "home");
    expect((await polarisRun(here, "logout", "--all")).code).toBe(0);
    expect(await list()).toEqual([]);
    expect((await polarisRun(here, "logout")).code).toBe(3);
  });

  async function signedIn(here: Here): Promise<string> {
    await using login = run(here, ["login", "--url", polaris.url, "--no-open"]);
    const address = await until(() => /http\S+authorize\S+/.exec(login.said.err)?.[0]);
    const fields = Object.fromEntries(new URL(address).searchParams);
    const back = await manu.form("/auth/authorize", { ...fields, decision: "approve" });
    await fetch(back.headers.get("location") ?? "");
    expect((await login.ended()).code).toBe(0);
    const access = filesOf(here).now.profiles.local?.access?.token ?? "";
    expect((await polaris.call("/me", { as: access })).status).toBe(200);
    return access;
  }

  test("logout ends the device on the server too, and says when it cannot be told", async () => {
    using here = world();
    const access = await signedIn(here);
    const out = JSON.parse((await polarisRun(here, "logout", "--json")).out);
    expect(out).toEqual([{ profile: "local", revoked: true }]);
    expect((await polaris.call("/me", { as: access })).status).toBe(401);
  });

  test("G1: uninstall ends the device on the server too; one that keeps the data does not", async () => {
    using here = world();
    const access = await signedIn(here);
    expect((await polarisRun(here, "uninstall", "--keep-data")).code).toBe(0);
    expect((await polaris.call("/me", { as: access })).status).toBe(200);
    expect((await polarisRun(here, "uninstall")).out).toContain("this machine's sign-in at http");
    expect((await polaris.call("/me", { as: access })).status).toBe(401);
  });
});
