import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { give, isRoot, type Owner } from "../../../db/owner.ts";
import { openDataDir } from "../../../db/place.ts";
import { privateFolder, writeAtomic } from "../../../lib/file.ts";
import { type ServerUnit, serverPlist, serverUnit } from "../../../machine/server-unit.ts";
import { PolarisError } from "../../../wire/error.ts";
import { ourselves } from "../plugin.ts";
import { envPath, writeEnv } from "../server-env.ts";
import { isFree } from "./checks.ts";
import { type Answers, slackLink } from "./questions.ts";
import { trial } from "./trial.ts";

export interface Wish {
  dataDir: string;
  answers: Answers;
  service: string | undefined;
  user: string;
  unitDir: string | undefined;
}

export interface Result {
  dataDir: string;
  /** The service's file, when one was written. */
  unit: string | null;
  /** The service was started by the system. */
  running: boolean;
  publicUrl: string;
  claimUrl: string | null;
  database: string;
  /** Where Slack makes the app; none when there is one. */
  slackLink: string | null;
  /** What starts it where no system does. */
  start: string;
}

/** Writes what was decided, tries it, and puts the old back when it does not serve. */
export async function setUpServer(wish: Wish, say: (line: string) => void): Promise<Result> {
  const { answers } = wish;
  const dataDir = resolve(wish.dataDir);
  const kind = serviceKind(wish.service);
  const isThere = existsSync(dataDir);
  openDataDir(dataDir);
  const owner = kind === "systemd" && isRoot() ? account(wish.user, dataDir) : undefined;
  const before = existsSync(envPath(dataDir)) ? readFileSync(envPath(dataDir)) : undefined;
  const start = `${ourselves().join(" ")} serve --data-dir ${dataDir}`;
  const unit = kind === "none" ? null : unitOf(kind, wish, dataDir);
  if (unit && isLive(kind)) run(["systemctl", "stop", "polaris-server"], false);
  try {
    writeEnv(dataDir, answers);
    if (owner) own(dataDir, owner);
    const [kept] = writesOf(answers);
    if (kept && !existsSync(kept)) {
      privateFolder(kept);
      if (owner) chownSync(kept, owner.uid, owner.gid);
    }
    if (
      !(await isFree(answers.POLARIS_HOST ?? "127.0.0.1", Number(answers.POLARIS_PORT ?? 4321)))
    ) {
      throw new PolarisError("port_taken", `Port ${answers.POLARIS_PORT ?? 4321} is taken.`, {
        hint: "Stop the server that runs there, or choose another --port.",
      });
    }
    say("starting the server once, to see that it serves …");
    const ready = await trial(dataDir, owner);
    if (unit) {
      mkdirSync(dirname(unit.file), { recursive: true });
      writeAtomic(unit.file, unit.text, 0o644);
    }
    const running = unit !== null && isLive(kind) && launch(kind, unit.file);
    const publicUrl = answers.POLARIS_PUBLIC_URL ?? ready.url.replace("127.0.0.1", "localhost");
    const { claimUrl, database } = ready;
    const made = {
      dataDir,
      unit: unit?.file ?? null,
      running,
      publicUrl,
      claimUrl,
      database,
      start,
    };
    return { ...made, slackLink: answers.SLACK_CLIENT_ID ? null : slackLink(answers) };
  } catch (error) {
    if (before) writeAtomic(envPath(dataDir), before);
    else rmSync(envPath(dataDir), { force: true });
    if (before && owner) own(dataDir, owner);
    if (before && unit && isLive(kind)) run(["systemctl", "start", "polaris-server"], false);
    if (!isThere) rmSync(dataDir, { recursive: true, force: true });
    throw error;
  }
}

type Kind = "systemd" | "launchd" | "none";

function serviceKind(wanted: string | undefined): Kind {
  if (wanted === "systemd" || wanted === "launchd" || wanted === "none") return wanted;
  if (wanted !== undefined) {
    throw new PolarisError("usage", `"${wanted}" is no kind of service.`, {
      hint: "systemd, launchd or none.",
    });
  }
  if (!isRoot()) return "none";
  if (process.platform === "darwin") return "launchd";
  return existsSync("/run/systemd/system") ? "systemd" : "none";
}

/** Whether the system that keeps services runs here; in a container or chroot only the file is written. */
const isLive = (kind: Kind): boolean =>
  isRoot() && (kind === "launchd" || (kind === "systemd" && existsSync("/run/systemd/system")));

function unitOf(kind: Kind, { answers, user, unitDir }: Wish, dataDir: string) {
  const writes = writesOf(answers);
  const port = Number(answers.POLARIS_PORT ?? 4321);
  const unit: ServerUnit = { command: ourselves(), dataDir, user, writes, port };
  return kind === "systemd"
    ? {
        file: join(unitDir ?? "/etc/systemd/system", "polaris-server.service"),
        text: serverUnit(unit),
      }
    : {
        file: join(unitDir ?? "/Library/LaunchDaemons", "dev.polaris.server.plist"),
        text: serverPlist(unit),
      };
}

/** Folders outside the data directory that the server writes into. */
function writesOf({ POLARIS_BACKUP_TO: to }: Answers): string[] {
  return to && !to.startsWith("s3://") ? [resolve(to)] : [];
}

function launch(kind: Kind, file: string): boolean {
  if (kind === "launchd") {
    run(["launchctl", "bootout", "system/dev.polaris.server"], false);
    run(["launchctl", "bootstrap", "system", file]);
    return true;
  }
  run(["systemctl", "daemon-reload"]);
  run(["systemctl", "enable", "--now", "polaris-server"]);
  return true;
}

/** The service's own user, made when it is missing. */
function account(name: string, dataDir: string): Owner {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) {
    throw new PolarisError("usage", `"${name}" is no name of a user.`);
  }
  const found = () =>
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .find(([user]) => user === name);
  if (!found()) {
    const options = ["--system", "--user-group", "--home-dir", dataDir, "--no-create-home"];
    run(["useradd", ...options, "--shell", "/usr/sbin/nologin", name]);
  }
  const [, , uid, gid] = found() ?? [];
  if (!uid || !gid) throw new PolarisError("service_failed", `There is no user ${name}.`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** What setup wrote as root becomes the service's. */
function own(dataDir: string, owner: Owner): void {
  chownSync(dataDir, owner.uid, owner.gid);
  give(dataDir, owner);
}

function run(command: string[], must = true): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { timeout: 120_000 });
  if (exitCode === 0 || !must) return;
  throw new PolarisError(
    "service_failed",
    `${command.join(" ")} failed: ${String(stderr).trim()}`,
    {
      hint: "--service none goes without a service.",
    },
  );
}
