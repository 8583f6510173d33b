import { afterAll, expect, test } from "bun:test";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDebian } from "../../scripts/debian.ts";
import { fetchPackage } from "../../scripts/fetch.ts";
import { until } from "../../src/lib/until.ts";
import { startBox } from "./box.ts";

const ROOT = join(import.meta.dir, "../..");
const PORT = 30_000 + (process.pid % 10_000);
const CPU = process.arch === "x64" ? "amd64" : process.arch;

const debian = ((): { path: string } | { why: string } => {
  try {
    return { path: findDebian() };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
})();
const why = "why" in debian ? ` (skipped: ${debian.why})` : "";

const folder = mkdtempSync(join(tmpdir(), "polaris-image-"));
chmodSync(folder, 0o755);
afterAll(() => void Bun.spawnSync(["rm", "-rf", "--one-file-system", folder]));

/** The Dockerfile's instructions, continued lines joined. */
const steps = readFileSync(join(ROOT, "Dockerfile"), "utf8")
  .replace(/^#.*\n/gm, "")
  .replace(/\\\n/g, " ")
  .split("\n")
  .flatMap((line) => {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name ? [{ name, rest }] : [];
  });
const all = (name: string) => steps.filter((it) => it.name === name).map(({ rest }) => rest);
const words = (json = ""): string[] => JSON.parse(json);

test("I4: the image runs as nobody special, with one volume, a health check and no secret in it", () => {
  expect(all("USER")).toEqual(["polaris"]);
  expect(all("VOLUME")).toHaveLength(1);
  expect(all("HEALTHCHECK")).toHaveLength(1);
  expect(all("ENV").join(" ")).not.toMatch(/SECRET|TOKEN|PASSWORD/);
  const compose = readFileSync(join(ROOT, "compose.yaml"), "utf8");
  for (const [, name, rest] of compose.matchAll(
    /\$\{(\w*(?:SECRET|PASSWORD|TOKEN)\w*)([^}]*)\}/g,
  )) {
    expect([name, rest?.slice(0, 2)]).toEqual([name ?? "", ":?"]);
  }
});

// What editors use; hadolint itself is neither on npm (a wrapper around a program one has) nor in Debian.
const linter = await fetchPackage("dockerfile-utils", "0.16.3").catch(() => undefined);

test.skipIf(!linter)(
  "I4: a linter of Dockerfiles finds nothing in ours",
  async () => {
    const { validate } = await import(linter ?? "");
    const text = readFileSync(join(ROOT, "Dockerfile"), "utf8");
    expect(validate(text)).toEqual([]);
    expect(validate(text.replace("USER polaris", "USER"))).toHaveLength(1);
    expect(validate(`${text}\nHEALTHCHECK NONE`).length).toBeGreaterThan(0);
  },
  60_000,
);

test.skipIf("why" in debian)(
  `I4: the image's steps, run in a bare Debian, end with a server that is healthy${why}`,
  async () => {
    if ("why" in debian) return;
    await using box = startBox(debian.path, join(folder, "root"));
    const built = join(folder, `polaris-linux-${process.arch}`);
    const build = ["scripts/build.ts", "--outfile", built];
    expect(Bun.spawnSync([process.execPath, ...build], { cwd: ROOT }).exitCode).toBe(0);
    for (const { name, rest } of steps) {
      if (name === "COPY") {
        const to = join(box.root, rest.split(" ").at(-1) ?? "", `polaris-linux-${process.arch}`);
        mkdirSync(join(to, ".."), { recursive: true });
        cpSync(built, to);
        chmodSync(to, 0o755);
      }
      if (name === "RUN")
        await box.run(rest, { TARGETARCH: CPU, DEBIAN_FRONTEND: "noninteractive" });
    }
    const env = Object.fromEntries(
      all("ENV").flatMap((rest) =>
        rest.split(" ").map((pair) => pair.split("=") as [string, string]),
      ),
    );
    const own = { ...env, POLARIS_PORT: String(PORT), HOME: "/var/lib/polaris" };
    const [user = ""] = all("USER");
    const command = [...words(all("ENTRYPOINT")[0]), ...words(all("CMD").at(-1))];
    const server = box.spawn(command, own, `${user}:${user}`);
    const said = new Response(server.stderr).text();
    const check = words(/CMD (\[.*\])/.exec(all("HEALTHCHECK")[0] ?? "")?.[1]);
    const healthy = async () => (await box.spawn(check, own, `${user}:${user}`).exited) === 0;
    await until(healthy, { timeoutMs: 15_000, everyMs: 500 }).catch(async (cause: unknown) => {
      server.kill();
      throw new Error(`the health check stays bad: ${(await said).slice(-1000)}`, { cause });
    });
    expect(await box.run("ls -A /tmp")).toBe("");
  },
  180_000,
);
