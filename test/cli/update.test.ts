import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import pkg from "../../package.json" with { type: "json" };
import { verified } from "../../src/lib/minisign.ts";
import { until } from "../../src/lib/until.ts";
import { ask } from "../../src/machine/local.ts";
import type { Status } from "../../src/wire/local.ts";
import { executable } from "../helpers/executable.ts";
import { makeKey, makeRelease, serveRelease, TARGET } from "../helpers/release.ts";
import { makeMachine } from "./kit.ts";
import { start } from "./program.ts";

setDefaultTimeout(90_000);

let built = "";
beforeAll(async () => {
  built = await executable();
}, 240_000);

/** A machine with an executable of its own, a release directory and the key that its build trusts. */
async function makeOwner() {
  await using parts = new AsyncDisposableStack();
  const computer = parts.use(await makeMachine());
  const program = join(computer.folder, "bin/polaris");
  mkdirSync(join(computer.folder, "bin"));
  copyFileSync(built, program);
  computer.executable.splice(0, 9, program);
  const key = makeKey();
  const releases = join(computer.folder, "releases");
  computer.env.POLARIS_RELEASE_KEY = key.publicKey;
  computer.env.POLARIS_RELEASES_URL = releases;
  const owned = parts.move();
  return {
    ...computer,
    program,
    key,
    releases,
    publish: (version = "9.9.9", content: string | Uint8Array = successor(version)) =>
      makeRelease(releases, key, { version, content, notes: "Better." }),
    version: async () => (await computer.do("--version")).trim(),
    json: async (...args: string[]) => JSON.parse(await computer.do(...args, "--json")),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A newer Polaris: all of the present one, and another number. */
const successor = (version: string) =>
  `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\nexec '${built}' "$@"\n`;

test.each(["message.minisig", "message.legacy.minisig"])(
  "G7: a signature made by minisign itself is understood (%s)",
  (name) => {
    const read = (file: string) =>
      readFileSync(join(import.meta.dir, "../fixtures/minisign", file), "utf8");
    const [message, signature, key] = [read("message.txt"), read(name), read("key.pub")];
    const check = (text: string, by = signature, with_ = key) =>
      verified(Buffer.from(text), by, with_);
    expect(check(message)).toBe("polaris 9.9.9");
    expect(check(`${message} `)).toBeUndefined();
    expect(check(message, signature.replace("9.9.9", "9.9.8"))).toBeUndefined();
    expect(check(message, signature, makeKey().publicKey)).toBeUndefined();
    for (const broken of ["", "x", signature.slice(0, 120), signature.replace("RU", "RX")]) {
      if (broken !== signature) expect(check(message, broken)).toBeUndefined();
    }
    expect(check(message, signature, "no key")).toBeUndefined();
  },
);

test("G7: update fetches, checks, swaps and goes back; hooks and recorder follow", async () => {
  await using owner = await makeOwner();
  await owner.do("install");
  const before = (await ask<Status>(owner.place, "/status")).pid;
  owner.publish();
  await using web = serveRelease(owner.releases);
  owner.env.POLARIS_RELEASES_URL = web.url;
  expect(await owner.json("update", "--check")).toEqual({
    from: pkg.version,
    version: "9.9.9",
    newer: true,
    notes: "Better.",
  });
  expect(await owner.version()).toBe(pkg.version);
  expect(await owner.json("update")).toEqual({
    from: pkg.version,
    version: "9.9.9",
    updated: true,
  });
  expect(web.asked).toContain(`/polaris-${TARGET}`);
  expect(await owner.version()).toBe("9.9.9");
  expect((await ask<Status>(owner.place, "/status")).pid).not.toBe(before);
  // Nothing half-done lies beside it.
  expect(readdirSync(join(owner.program, ".."))).toEqual(["polaris"]);
  expect(statSync(owner.program).mode & 0o777).toBe(0o755);
}, 120_000);

test("G7: rollback puts the version before back, and the one after it once more", async () => {
  await using owner = await makeOwner();
  mkdirSync(join(owner.place.home, "previous"), { recursive: true });
  expect((await owner.run("update", "--rollback")).err).toContain("No earlier version is kept");
  const previous = join(owner.place.home, "previous/polaris");
  writeFileSync(previous, successor("0.0.9"));
  chmodSync(previous, 0o755);
  expect(await owner.json("update", "--rollback")).toMatchObject({ version: "0.0.9" });
  expect(await owner.version()).toBe("0.0.9");
  const kept = await start([previous, "--version"], owner.env);
  expect(kept.out.trim()).toBe(pkg.version);
});

test("G7: what hooks say while a version replaces another is all recorded, once", async () => {
  await using owner = await makeOwner();
  owner.signIn();
  await owner.do("install");
  const transcript = join(owner.folder, "t.jsonl");
  writeFileSync(transcript, "");
  await owner.do("join", "pj", "--agent-session", "s1", "--transcript", transcript);
  owner.publish();
  let over = false;
  const updating = owner.do("update").finally(() => {
    over = true;
  });
  let sent = 0;
  for (; !over || sent < 20; sent++) {
    const payload = {
      hook_event_name: "Notification",
      session_id: "s1",
      message: `said ${sent}`,
      notification_type: "permission_prompt",
    };
    // The hook's command names the executable that is just being replaced.
    const ran = await start([owner.program, "hook"], owner.env, JSON.stringify(payload));
    expect(ran).toMatchObject({ code: 0, out: "", err: "" });
  }
  await updating;
  expect(await owner.version()).toBe("9.9.9");
  const wanted = Array.from({ length: sent }, (_, i) => `said ${i}`);
  const texts = () => owner.server.texts().filter((text) => text?.startsWith("said "));
  await until(() => texts().length >= sent, { timeoutMs: 20_000 });
  expect(texts().sort()).toEqual(wanted.sort());
});

const SPOILT: [string, (folder: string) => void, string][] = [
  [
    "a changed executable",
    (folder) => {
      const path = join(folder, `polaris-${TARGET}`);
      writeFileSync(path, readFileSync(path, "utf8").replace("exec", "evil"));
    },
    "its SHA-256 is another",
  ],
  ["a cut executable", (folder) => truncateSync(join(folder, `polaris-${TARGET}`), 40), "40 of"],
  [
    "a longer executable",
    (folder) => writeFileSync(join(folder, `polaris-${TARGET}`), "x".repeat(5000)),
    "it is longer than",
  ],
  [
    "a changed manifest",
    (folder) => {
      const path = join(folder, "manifest.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("9.9.9", "9.9.8"));
    },
    "not signed with the known key",
  ],
  [
    "another's signature",
    (folder) => {
      const manifest = readFileSync(join(folder, "manifest.json"));
      writeFileSync(join(folder, "manifest.json.minisig"), makeKey().sign(manifest));
    },
    "not signed with the known key",
  ],
  [
    "no signature",
    (folder) => writeFileSync(join(folder, "manifest.json.minisig"), ""),
    "not signed with the known key",
  ],
];

test.each(SPOILT)("G7: a release with %s changes nothing", async (_, spoil, says) => {
  await using owner = await makeOwner();
  owner.publish();
  spoil(owner.releases);
  await using web = serveRelease(owner.releases);
  for (const place of [web.url, owner.releases]) {
    owner.env.POLARIS_RELEASES_URL = place;
    const ran = await owner.run("update");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toContain(says);
  }
  expect(await owner.version()).toBe(pkg.version);
  expect(readdirSync(join(owner.program, ".."))).toEqual(["polaris"]);
  expect(existsSync(join(owner.place.home, "previous"))).toBe(false);
});

test("G7: an older version is refused unless it is forced", async () => {
  await using owner = await makeOwner();
  owner.publish("0.0.1");
  const refused = await owner.run("update");
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toContain("0.0.1 is older than this");
  expect(await owner.version()).toBe(pkg.version);
  expect(await owner.json("update", "--force")).toMatchObject({ version: "0.0.1", updated: true });
  expect(await owner.version()).toBe("0.0.1");
});

test("G7: a version that does not run, or says another number, is not put in place", async () => {
  await using owner = await makeOwner();
  owner.publish("9.9.9", "#!/bin/sh\nexit 1\n");
  expect((await owner.run("update")).err).toContain("does not run here");
  owner.publish("9.9.9", successor("9.9.8"));
  expect((await owner.run("update")).err).toContain("says it is 9.9.8, not 9.9.9");
  expect(await owner.version()).toBe(pkg.version);
});

test("G7: a version that cannot take the installation over is taken back", async () => {
  await using owner = await makeOwner();
  await owner.do("install");
  owner.publish(
    "9.9.9",
    '#!/bin/sh\n[ "$1" = --version ] && echo 9.9.9 && exit\necho no >&2; exit 1\n',
  );
  const ran = await owner.run("update");
  expect(ran.err).toContain("The new version did not start: no");
  expect(await owner.version()).toBe(pkg.version);
  expect(await ask<Status>(owner.place, "/status")).toMatchObject({ version: pkg.version });
});

test("G7: without an address or a key nothing is fetched", async () => {
  await using owner = await makeOwner();
  owner.publish();
  delete owner.env.POLARIS_RELEASE_KEY;
  expect((await owner.run("update")).err).toContain("knows no key");
  delete owner.env.POLARIS_RELEASES_URL;
  expect((await owner.run("update")).err).toContain("Nobody has said where releases lie");
  owner.env.POLARIS_RELEASES_URL = "http://127.0.0.1:1";
  owner.env.POLARIS_RELEASE_KEY = owner.key.publicKey;
  expect((await owner.run("update")).code).toBe(4);
});

test("G6, G7: the recorder asks once a day, and status and status line tell of it", async () => {
  await using owner = await makeOwner();
  owner.publish();
  await using web = serveRelease(owner.releases);
  owner.env.POLARIS_RELEASES_URL = web.url;
  await owner.do("install");
  await until(async () => (await ask<Status>(owner.place, "/status")).update === "9.9.9");
  expect(await owner.do("status")).toContain("9.9.9 is available — polaris update");
  expect((await owner.run("statusline")).out).toBe(
    "polaris: not connected · update 9.9.9: polaris update\n",
  );
  const asked = web.asked.length;
  expect(asked).toBe(2);
  // Started again on the same day, also without the variable: it was noted, and nothing is asked.
  delete owner.env.POLARIS_RELEASES_URL;
  await owner.do("install", "--refresh");
  expect((await ask<Status>(owner.place, "/status")).update).toBe("9.9.9");
  expect(web.asked.length).toBe(asked);
});
