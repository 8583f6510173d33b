import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "../../scripts/tool.ts";
import { startNotify } from "../../src/lib/notify.ts";
import { until } from "../../src/lib/until.ts";
import { serverPlist, serverUnit } from "../../src/machine/server-unit.ts";
import { temporary } from "../helpers/temp.ts";

const UNIT = {
  command: ["/usr/bin/env"],
  dataDir: "/var/lib/polaris",
  user: "www-data",
  writes: ["/tmp"],
  port: 4321,
};

test.skipIf(Bun.which("systemd-analyze") === null)(
  "I4: systemd finds nothing wrong with the server's unit, and little that it exposes",
  async () => {
    await using folder = temporary();
    const file = join(folder.path, "polaris-server.service");
    writeFileSync(file, serverUnit(UNIT));
    const verified = Bun.spawnSync(["systemd-analyze", "verify", file], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const ours = String(verified.stderr)
      .split("\n")
      .filter((line) => line.includes("polaris-server"));
    expect(ours).toEqual([]);
    const security = Bun.spawnSync([
      ...["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", file],
    ]);
    const score = Number(/exposure level[^:]*: ([\d.]+)/.exec(String(security.stdout))?.[1]);
    console.log(`systemd-analyze security: ${score} of 10, less is safer`);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(2);
  },
);

test("I4: a port below 1024 and a home of one's own change the unit, nothing else does", () => {
  expect(serverUnit({ ...UNIT, port: 443 })).toContain(
    "AmbientCapabilities=CAP_NET_BIND_SERVICE\n",
  );
  expect(serverUnit(UNIT)).toContain("CapabilityBoundingSet=\n");
  expect(serverUnit({ ...UNIT, dataDir: "/home/manu/data" })).toContain("ProtectHome=no");
  expect(serverUnit({ ...UNIT, dataDir: "/srv/100% $x" })).toContain('"/srv/100%% $$x"');
});

test.skipIf(Bun.which("plutil") === null)("I4: launchd reads the server's plist", async () => {
  await using folder = temporary();
  const file = join(folder.path, "server.plist");
  writeFileSync(file, serverPlist(UNIT));
  expect(Bun.spawnSync(["plutil", "-lint", file]).exitCode).toBe(0);
});

const plistutil = findTool("plistutil", ["libplist-utils", "libplist3"]);

test.skipIf(!plistutil)(
  `I4: another reader of property lists finds in the server's what we wrote${plistutil ? "" : " (skipped: no plistutil)"}`,
  async () => {
    await using folder = temporary();
    const { command = "", env = {} } = plistutil ?? {};
    const convert = (from: string, to: string) =>
      Bun.spawnSync([command, "-i", join(folder.path, from), "-o", join(folder.path, to)], { env });
    // To the binary form and back: what it did not understand would be missing.
    const read = async (text: string) => {
      await Bun.write(join(folder.path, "plist"), text);
      convert("plist", "binary");
      convert("binary", "again");
      const again = Bun.file(join(folder.path, "again"));
      return (await again.exists()) ? (await again.text()).replace(/\s+/g, "") : "";
    };
    const text = serverPlist({ ...UNIT, dataDir: "/Users/manu/Team & <Co>" });
    const plain = (it: string) =>
      it
        .replace(/<!DOCTYPE[^>]*>/, "")
        .replace(/\s+/g, "")
        .replace("-//AppleComputer//", "-//Apple//");
    expect(plain(await read(text))).toBe(plain(text));
  },
);

test("I4: systemd is told that the server is ready, and that it lives", async () => {
  await using folder = temporary();
  const heard = join(folder.path, "heard");
  // What systemd listens on is a datagram socket, which Bun cannot open: the program that writes to it is stood in for.
  writeFileSync(join(folder.path, "systemd-notify"), `#!/bin/sh\necho "$@" >> ${heard}\n`, {
    mode: 0o755,
  });
  const env = {
    PATH: `${folder.path}:/usr/bin:/bin`,
    NOTIFY_SOCKET: "/run/none",
    WATCHDOG_USEC: "400000",
  };
  const before = process.env.PATH;
  process.env.PATH = env.PATH;
  try {
    using notify = startNotify(env);
    await notify.ready();
    const lines = () => readFileSync(heard, "utf8");
    expect(lines()).toBe("--ready\n");
    await until(() => lines().includes("WATCHDOG=1"));
    await notify.stopping();
    expect(lines()).toContain("STOPPING=1");
  } finally {
    process.env.PATH = before;
  }
});
