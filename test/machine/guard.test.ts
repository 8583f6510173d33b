import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../src/lib/regex.ts";
import { until } from "../../src/lib/until.ts";
import { startGuard } from "../../src/machine/guard/guard.ts";
import type { Event } from "../../src/wire/event.ts";

const SAID: Event = {
  id: "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b2",
  at: "2026-01-01T00:00:00Z",
  sender: "agent:claude",
  kind: "agent.message",
  body: {},
  source: { agent: "claude-code", translator: 1, via: "transcript" },
};

/** A project in a repository, a home with or without a policy, and what comes out of a text. */
function makeWorld(policy?: unknown) {
  const folder = mkdtempSync(join(tmpdir(), "plrs-guard-"));
  const root = join(folder, "shop");
  const cwd = join(root, "api");
  mkdirSync(join(root, ".git"), { recursive: true });
  mkdirSync(cwd);
  const path = join(folder, "policy.json");
  const write = (content: unknown) =>
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  if (policy !== undefined) write(policy);
  let changes = 0;
  const guard = startGuard({ policy: path, version: "1.0.0", changed: () => void changes++ });
  return {
    root,
    cwd,
    write,
    guard,
    changes: () => changes,
    text: (text: string) => guard.clean({ ...SAID, text }, cwd).text,
    [Symbol.dispose]() {
      guard[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test("A11: what the project's .env files hold goes wherever it appears, in each form", () => {
  using world = makeWorld();
  writeFileSync(
    join(world.root, ".env"),
    [
      "# for people",
      "APP_SECRET=correct-horse-battery",
      'export SMTP_PASS="sp ace & more"',
      "NODE_ENV=production",
      "PORT=3000",
      "PUBLIC_URL=http://localhost:3000/app",
      "DATABASE_URL=postgres://shop:staplestaple@db/shop",
      "FEATURE=checkout-flow",
    ].join("\n"),
  );
  writeFileSync(join(world.cwd, ".env.local"), "INTERNAL=0123456789abcdef0123456789abcdef\n");
  writeFileSync(join(world.cwd, ".env.example"), "OTHER_SECRET=placeholder-for-you\n");
  expect(world.text("it said correct-horse-battery twice: correct-horse-battery")).toBe(
    "it said [redacted:env-value] twice: [redacted:env-value]",
  );
  expect(world.text("see sp%20ace%20%26%20more and sp ace & more")).toBe(
    "see [redacted:env-value] and [redacted:env-value]",
  );
  expect(world.text(`x ${Buffer.from("a: correct-horse-battery").toString("base64")} y`)).toBe(
    "x [redacted:env-value] y",
  );
  expect(world.text("the word is staplestaple")).toBe("the word is [redacted:env-value]");
  expect(world.text("0123456789abcdef0123456789abcdef")).toBe("[redacted:env-value]");
  for (const plain of [
    "in production on port 3000, http://localhost:3000/app",
    "checkout-flow and placeholder-for-you",
  ]) {
    expect(world.text(plain)).toBe(plain);
  }
});

test("A11: a value that enters an .env file later counts from the next second, an old one goes on to count", async () => {
  using world = makeWorld();
  writeFileSync(join(world.cwd, ".env"), "APP_SECRET=first-of-them\n");
  expect(world.text("first-of-them")).toBe("[redacted:env-value]");
  writeFileSync(join(world.cwd, ".env"), "APP_SECRET=second-of-them\n");
  await until(() => world.text("second-of-them") === "[redacted:env-value]");
  expect(world.text("first-of-them")).toBe("[redacted:env-value]");
});

test("A11: the team's patterns are applied, what it allows stays, and a change counts at once", async () => {
  using world = makeWorld({
    patterns: [{ kind: "customer", regex: "CUST-[0-9]{6}" }],
    allow: ["hunter2hunter2", "demo-*-key1"],
  });
  expect(world.text("CUST-123456 asks")).toBe("[redacted:customer] asks");
  expect(world.text("password=hunter2hunter2 token=demo-a-key1 token=real-a-key1")).toBe(
    "password=hunter2hunter2 token=demo-a-key1 token=[redacted:token]",
  );
  const { mark } = world.guard;
  world.write({ patterns: [{ kind: "order", regex: "ORD-[0-9]+" }] });
  await until(() => world.changes() > 0);
  expect(world.text("CUST-123456 has ORD-99")).toBe("CUST-123456 has [redacted:order]");
  expect(world.guard.mark).not.toBe(mark);
});

test.each([
  ["(a+)+$", "repeats a group that holds a repeat or a choice"],
  ["(a|aa)*b", "repeats a group that holds a repeat or a choice"],
  ["((x+y?)z){2,}", "repeats a group that holds a repeat or a choice"],
  ["(a)\\1", "refers back to a group"],
  ["[a-z]*[a-z]*[a-z]*[a-z]*!", "takes too long on long texts"],
  ["a*", "matches nothing at all"],
  ["(", "is no regular expression"],
  ["[", "is no regular expression"],
])("A11: a pattern that could stop the recorder is refused: %s", (regex, why) => {
  using world = makeWorld({ patterns: [{ kind: "ours", regex }] });
  expect(world.guard.error).toContain(why);
  expect(() => world.text("hello there")).toThrow("ours");
});

test.each([
  "ACME-[A-Z0-9]{8,}",
  "(?:key|pin)[:=]\\s*\\d{4,12}\\b",
  "[a-z]+@corp\\.example",
  "(?<=id )[0-9]+",
])("A11: an ordinary pattern is taken: %s", (regex) => {
  using world = makeWorld({ patterns: [{ kind: "ours", regex }] });
  expect(world.guard.error).toBeNull();
});

test("A11: an ordinary pattern is taken on a machine that has much else to do, too", async () => {
  await using others = new AsyncDisposableStack();
  for (let n = 0; n < 3 * availableParallelism(); n++) {
    const busy = Bun.spawn([process.execPath, "-e", "for (;;);"], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    others.defer(async () => {
      busy.kill("SIGKILL");
      await busy.exited;
    });
  }
  const end = performance.now() + 2_000;
  while (performance.now() < end) {
    expect(compile("[a-z]+@corp\\.example")).toBeInstanceOf(RegExp);
  }
});

test("A11: a policy that cannot be read lets nothing through", () => {
  for (const bad of ["{", "[]", { patterns: [{ kind: "Ours!", regex: "a" }] }, { pattern: [] }]) {
    using world = makeWorld(bad);
    expect(world.guard.error).toContain("policy.json");
    expect(() => world.text("hello there")).toThrow("policy.json");
  }
});
