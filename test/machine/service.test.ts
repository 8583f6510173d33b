import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { ask } from "../../src/machine/local.ts";
import { isAlive, isHeld } from "../../src/machine/recorder.ts";
import { launchdPlist, systemdUnit, type Unit } from "../../src/machine/units.ts";
import type { Status } from "../../src/wire/local.ts";
import { checksum, makeMachine } from "../cli/kit.ts";
import { temporary } from "../helpers/temp.ts";

const unit: Unit = {
  name: "polaris",
  command: ["/opt/po laris/it's $HOME 100%/polaris"],
  polarisHome: '/home/manu/.pol"$aris',
  log: "/home/manu/<&>.log",
};

test.skipIf(Bun.which("systemd-analyze") === null)(
  "G3: systemd finds nothing to say about the unit, whatever the paths are called",
  async () => {
    await using folder = temporary();
    const program = join(folder.path, "po laris 100% $x");
    writeFileSync(program, "#!/bin/sh\n");
    chmodSync(program, 0o755);
    const file = join(folder.path, "polaris.service");
    writeFileSync(file, systemdUnit({ ...unit, command: [program] }));
    const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "--user", "verify", file], {
      env: { PATH: process.env.PATH, HOME: folder.path, XDG_RUNTIME_DIR: folder.path },
    });
    expect({ exitCode, words: `${stderr}` }).toEqual({ exitCode: 0, words: "" });
  },
);

test("G3: the unit names program and home so that systemd reads them as they are", () => {
  expect(systemdUnit(unit)).toContain(
    `ExecStart="/opt/po laris/it's $HOME 100%%/polaris" --polaris-home "/home/manu/.pol\\"$$aris" daemon\n`,
  );
});

test.skipIf(Bun.which("python3") === null)("G3: the launchd agent is a property list", () => {
  const read = "import plistlib,sys,json; print(json.dumps(plistlib.load(sys.stdin.buffer)))";
  const { stdout } = Bun.spawnSync(["python3", "-c", read], {
    stdin: Buffer.from(launchdPlist(unit)),
  });
  expect(JSON.parse(`${stdout}`)).toMatchObject({
    Label: "dev.polaris.polaris",
    ProgramArguments: [...unit.command, "--polaris-home", unit.polarisHome, "daemon"],
    RunAtLoad: true,
    KeepAlive: true,
    StandardErrorPath: unit.log,
  });
});

/** Knows of systemctl what we use: it notes what it was told and starts what the unit names. */
const SYSTEMCTL = `#!/bin/sh
state="$SYSTEMCTL_STATE"
echo "$*" >> "$state/told"
unit="$XDG_CONFIG_HOME/systemd/user"
case "$2" in
  is-system-running) echo running ;;
  enable) ln -sf "../$3" "$unit/default.target.wants/$3" ;;
  disable) rm -f "$unit/default.target.wants/$4" ;;
  is-enabled) [ -e "$unit/default.target.wants/$3" ] && echo enabled ;;
  restart) eval "set -- $(sed -n 's/^ExecStart=//p' "$unit/$3")"; setsid "$@" >/dev/null 2>&1 < /dev/null & ;;
esac
`;

test.skipIf(process.platform !== "linux")(
  "G3: where a systemd of this user answers, it keeps the recorder; uninstall takes the unit away",
  async () => {
    await using computer = await makeMachine();
    const bin = join(computer.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "systemctl"), SYSTEMCTL, { mode: 0o755 });
    Object.assign(computer.env, {
      PATH: `${bin}:${computer.env.PATH}`,
      SYSTEMCTL_STATE: computer.folder,
      XDG_CONFIG_HOME: join(computer.home, ".config"),
    });
    const before = checksum(computer.home);
    expect(JSON.parse(await computer.do("install", "--json"))).toMatchObject({
      service: "systemd",
    });
    const file = join(computer.home, ".config/systemd/user/polaris.service");
    expect(readFileSync(file, "utf8")).toContain("Restart=always");
    const told = readFileSync(join(computer.folder, "told"), "utf8");
    expect(told).toContain("--user enable polaris.service");
    expect((await ask<Status>(computer.place, "/status")).pid).toBeGreaterThan(1);
    expect(await computer.do("install")).toContain("Nothing to do");
    // Edited by hand: found and put right.
    writeFileSync(file, readFileSync(file, "utf8").replace("always", "no"));
    const { findings } = await computer.doctor();
    expect(findings).toContainEqual(expect.objectContaining({ check: "service", state: "wrong" }));
    await computer.doctor("--fix");
    expect(readFileSync(file, "utf8")).toContain("Restart=always");
    await computer.do("uninstall");
    expect(checksum(computer.home)).toEqual(before);
    expect(isHeld(computer.place)).toBe(false);
  },
  60_000,
);

test("G3: where nothing starts programs at login, the next agent session starts the recorder", async () => {
  await using computer = await makeMachine();
  await computer.do("install");
  const { pid } = await ask<Status>(computer.place, "/status");
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid) && !isHeld(computer.place));
  const session = Bun.spawn([...computer.executable, "mcp"], {
    env: computer.env,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  await until(async () => (await ask<Status>(computer.place, "/status")).pid !== pid);
  session.kill();
  await session.exited;
  // It outlives the session that started it.
  expect((await ask<Status>(computer.place, "/status")).pid).not.toBe(pid);
  expect(existsSync(computer.place.log)).toBe(true);
}, 60_000);
