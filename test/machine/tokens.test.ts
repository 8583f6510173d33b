import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { changeCredentials, readCredentials, signIn } from "../../src/machine/credentials.ts";
import { locked } from "../../src/machine/lock.ts";
import { type Paths, paths } from "../../src/machine/paths.ts";
import { profileFrom, startTokens } from "../../src/machine/tokens.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { temporary } from "../helpers/temp.ts";
import { letIn, type Person, startPerson } from "../server/machine.ts";

let polaris: Polaris;
let manu: Person;
beforeAll(async () => {
  polaris = await startPolaris();
  manu = await startPerson(polaris);
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** A home that is signed in, with an access token that has to be renewed. */
async function signedIn(place: Paths, url = polaris.url) {
  const profile = profileFrom(url, await letIn(polaris, manu));
  const stale = { token: profile.access?.token ?? "", renewAt: 0 };
  await signIn(place, "work", { ...profile, access: stale });
  return profile;
}

describe("an access token is renewed once for all who ask (F3)", () => {
  test("a hundred at once, in ten processes: one renewal, one token, nobody signed out", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    const { device } = await signedIn(place);
    const at = performance.now();
    const children = Array.from({ length: 10 }, () =>
      Bun.spawn([process.execPath, join(import.meta.dir, "renewing.ts"), place.home, "10"], {
        stdout: "pipe",
        stderr: "pipe",
      }),
    );
    const said = await Promise.all(
      children.map(
        async (child) => JSON.parse(await new Response(child.stdout).text()) as string[],
      ),
    );
    console.log(`100 renewals in 10 processes: ${Math.round(performance.now() - at)} ms`);
    const different = new Set(said.flat());
    expect([...different]).toEqual([
      readCredentials(place.credentials).profiles.work?.access?.token ?? "",
    ]);
    const [{ count }] = await polaris.database.admin`
      select count(*)::int as count from refresh_tokens where device_id = ${device ?? ""}`;
    expect(count).toBe(2);
    const [token = ""] = different;
    expect((await polaris.call("/me", { as: token })).status).toBe(200);
  }, 30_000);

  test("an answer that is lost on its way is asked for once more, and all is well", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    let lost = 0;
    // Between the two: the server's answer to the first renewal does not come back.
    const middle = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const body = await request.text();
        const { pathname } = new URL(request.url);
        const answer = await fetch(polaris.url + pathname, {
          method: request.method,
          headers: { "content-type": request.headers.get("content-type") ?? "" },
          body,
        });
        return lost++ === 0 ? new Response("<html>", { status: 200 }) : answer;
      },
    });
    try {
      await signedIn(place, `http://127.0.0.1:${middle.port}`);
      const token = await startTokens(place).bearer("work");
      expect(lost).toBe(2);
      expect((await polaris.call("/me", { as: token })).status).toBe(200);
    } finally {
      await middle.stop(true);
    }
  });

  test("a machine that was signed out says so, keeps no secret, and asks no more", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    const { device } = await signedIn(place);
    await manu.send("DELETE", `/devices/${device}`);
    const tokens = startTokens(place);
    expect(tokens.bearer("work")).rejects.toMatchObject({
      code: "not_signed_in",
      message: "This machine was signed out.",
      hint: expect.stringContaining("polaris login"),
    });
    await tokens.bearer("work").catch(() => {});
    expect(readFileSync(place.credentials, "utf8")).not.toMatch(/pol_r_|eyJ/);
    await polaris.database.admin`update devices set revoked_at = null`;
    expect(tokens.bearer("work")).rejects.toMatchObject({ code: "not_signed_in" });
  });

  test("a server that is away signs nobody out", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    const { refresh } = await signedIn(place, "http://127.0.0.1:1");
    expect(startTokens(place).bearer("work")).rejects.toMatchObject({ code: "unreachable" });
    await startTokens(place)
      .bearer("work")
      .catch(() => {});
    expect(readCredentials(place.credentials).profiles.work?.refresh).toBe(refresh ?? "");
  });

  test("a logout while a renewal runs is not undone by it", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    await signedIn(place);
    const renewal = startTokens(place)
      .bearer("work")
      .catch(() => "");
    await changeCredentials(place, () => ({ current: null, profiles: {} }));
    await renewal;
    expect(readCredentials(place.credentials).profiles).toEqual({});
  });
});

describe("credentials are their owner's alone (F3)", () => {
  const profile = { url: "http://localhost:4321", participant: "user:manu", token: "pol_a_x" };

  test("0600 in a folder of 0700 whatever the umask, lock and all", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    const before = process.umask(0);
    try {
      await signIn(place, "work", profile);
    } finally {
      process.umask(before);
    }
    expect(statSync(place.home).mode & 0o777).toBe(0o700);
    expect(statSync(place.credentials).mode & 0o777).toBe(0o600);
    expect(statSync(place.credentialsLock).mode & 0o777).toBe(0o600);
  });

  test("a link in their place is neither read nor written through", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    mkdirSync(place.home);
    const theirs = join(folder.path, "theirs");
    const text = JSON.stringify({ current: "work", profiles: { work: profile } });
    writeFileSync(theirs, text);
    symlinkSync(theirs, place.credentials);
    expect(() => readCredentials(place.credentials)).toThrow(/cannot be read/);
    expect(signIn(place, "other", profile)).rejects.toThrow(/cannot be read/);
    rmSync(place.credentialsLock);
    symlinkSync(theirs, place.credentialsLock);
    expect(signIn(place, "other", profile)).rejects.toThrow(/no link/);
    expect(readFileSync(theirs, "utf8")).toBe(text);
  });

  test("content that is none keeps nobody from signing in", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    mkdirSync(place.home);
    writeFileSync(place.credentials, '{"current": "wo');
    expect(() => readCredentials(place.credentials)).toThrow(/does not hold credentials/);
    await signIn(place, "work", profile);
    expect(readCredentials(place.credentials).current).toBe("work");
  });

  test("many writers at once lose nobody's sign-in", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
    await Promise.all(names.map((name) => signIn(place, name, profile)));
    expect(Object.keys(readCredentials(place.credentials).profiles).sort()).toEqual(names.sort());
  });

  test("the lock of a process that was killed is free", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    const program = `
      import { locked } from "${join(import.meta.dir, "../../src/machine/lock.ts")}";
      await locked("${place.credentialsLock}", async () => {
        console.log("held");
        await new Promise(() => setInterval(() => {}, 1000));
      });`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    await child.stdout.getReader().read();
    let isOurs = false;
    const ours = locked(place.credentialsLock, () => {
      isOurs = true;
    });
    await locked(join(folder.path, "another.lock"), () => {});
    expect(isOurs).toBe(false);
    child.kill("SIGKILL");
    await child.exited;
    await until(() => isOurs);
    await ours;
  });

  test("what was written before there were profiles is read as one", async () => {
    await using folder = temporary();
    const place = paths(join(folder.path, "home"));
    mkdirSync(place.home);
    writeFileSync(place.credentials, JSON.stringify(profile));
    expect(readCredentials(place.credentials)).toEqual({
      current: "default",
      profiles: { default: profile },
    });
  });
});
