import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { makeFolder } from "./folders.ts";
import type { ServiceKind } from "./installed.ts";
import type { Paths } from "./paths.ts";
import { stopRecorder, untilRecording } from "./recorder.ts";
import { launchdLabel, launchdPlist, systemdUnit, type Unit } from "./units.ts";

/** How this machine's recorder is kept running. */
export interface Service {
  kind: ServiceKind;
  /** The file that tells the system of it; a plain process has none. */
  file: string | null;
  /** What the file should hold. */
  text: string;
  /** The file is as it should be, and the system starts it by itself at the next login. */
  enabled(): boolean;
  /** Writes the file, enables it and (re)starts the recorder; answers the folders made for it. */
  install(): Promise<string[]>;
  restart(): Promise<void>;
  /** Stops the recorder and takes the file away. */
  remove(): Promise<void>;
}

interface Needs {
  place: Paths;
  /** What starts Polaris, absolute. */
  command: string[];
  kind?: ServiceKind | undefined;
}

export function serviceOf({ place, command, kind = serviceKind() }: Needs): Service {
  const unit: Unit = { name: nameOf(place), command, polarisHome: place.home, log: place.log };
  if (kind === "systemd") return systemd(place, unit);
  if (kind === "launchd") return launchd(place, unit);
  return background(place, unit);
}

/** What is there to keep a program running: a systemd of this user that answers, launchd, or nothing. */
export function serviceKind(): ServiceKind {
  if (process.platform === "darwin") return "launchd";
  if (process.platform !== "linux" || !Bun.which("systemctl")) return "process";
  // "degraded" is told with exit code 1 and means that some other unit failed.
  const { out } = tell(["systemctl", "--user", "is-system-running"]);
  return /^(running|degraded|starting|initializing)$/.test(out) ? "systemd" : "process";
}

function systemd(place: Paths, unit: Unit): Service {
  const text = systemdUnit(unit);
  const folder = join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "systemd/user");
  const file = join(folder, `${unit.name}.service`);
  const name = `${unit.name}.service`;
  const control = (...args: string[]) => demand(["systemctl", "--user", ...args]);
  return {
    kind: "systemd",
    file,
    text,
    enabled: () =>
      holds(file, text) && tell(["systemctl", "--user", "is-enabled", name]).out === "enabled",
    async install() {
      const made = makeFolder(join(folder, "default.target.wants"));
      writeAtomic(file, text, 0o644);
      control("daemon-reload");
      control("enable", name);
      await stopRecorder(place);
      control("restart", name);
      await untilRecording(place);
      return made;
    },
    async restart() {
      await stopRecorder(place);
      control("restart", name);
      await untilRecording(place);
    },
    async remove() {
      tell(["systemctl", "--user", "disable", "--now", name]);
      rmSync(file, { force: true });
      tell(["systemctl", "--user", "daemon-reload"]);
      await stopRecorder(place);
    },
  };
}

function launchd(place: Paths, unit: Unit): Service {
  const text = launchdPlist(unit);
  const file = join(homedir(), "Library/LaunchAgents", `${launchdLabel(unit)}.plist`);
  const domain = `gui/${process.getuid?.() ?? 0}`;
  const target = `${domain}/${launchdLabel(unit)}`;
  const isLoaded = () => tell(["launchctl", "print", target]).code === 0;
  async function load(): Promise<void> {
    tell(["launchctl", "bootout", target]);
    await stopRecorder(place);
    demand(["launchctl", "bootstrap", domain, file]);
    await untilRecording(place);
  }
  return {
    kind: "launchd",
    file,
    text,
    enabled: () => holds(file, text) && isLoaded(),
    async install() {
      const made = makeFolder(dirname(file));
      writeAtomic(file, text, 0o644);
      await load();
      return made;
    },
    restart: load,
    async remove() {
      tell(["launchctl", "bootout", target]);
      rmSync(file, { force: true });
      await stopRecorder(place);
    },
  };
}

/** Where nothing keeps programs running: a process of its own session, started again by the next agent session. */
function background(place: Paths, unit: Unit): Service {
  async function start(): Promise<void> {
    privateFolder(place.home);
    const log = openSync(place.log, "a", 0o600);
    try {
      const child = Bun.spawn([...unit.command, "--polaris-home", place.home, "daemon", "--json"], {
        cwd: "/",
        env: process.env,
        stdin: "ignore",
        stdout: "ignore",
        stderr: log,
        detached: true,
      });
      child.unref();
    } finally {
      closeSync(log);
    }
    await untilRecording(place);
  }
  async function restart(): Promise<void> {
    await stopRecorder(place);
    await start();
  }
  return {
    kind: "process",
    file: null,
    text: "",
    enabled: () => true,
    async install() {
      await restart();
      return [];
    },
    restart,
    async remove() {
      await stopRecorder(place);
    },
  };
}

/** A home of its own has a service of its own name: trying something out never touches the real one. */
function nameOf(place: Paths): string {
  if (place.home === resolve(homedir(), ".polaris")) return "polaris";
  return `polaris-${Bun.hash(place.home).toString(16).padStart(16, "0").slice(0, 8)}`;
}

const holds = (file: string, text: string): boolean =>
  existsSync(file) && readFileSync(file, "utf8") === text;

function tell(command: string[]): { code: number; out: string; err: string } {
  try {
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { timeout: 15_000 });
    return { code: exitCode, out: `${stdout}`.trim(), err: `${stderr}`.trim() };
  } catch (error) {
    return { code: 127, out: "", err: String(error) };
  }
}

function demand(command: string[]): void {
  const { code, out, err } = tell(command);
  if (code === 0) return;
  throw new PolarisError("service_failed", `${command.join(" ")} failed: ${err || out}`, {
    hint: "polaris install --no-service goes without; polaris daemon runs the recorder by hand.",
  });
}
