import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { installedPath, type Seat, writeInstalled } from "../../machine/installed.ts";
import type { Paths } from "../../machine/paths.ts";
import { serviceOf } from "../../machine/service.ts";
import { planStatusLine, read } from "../../machine/settings.ts";
import { currentCommand, looksOurs } from "../../machine/statusline.ts";
import { PolarisError } from "../../wire/error.ts";
import { VERSION } from "../version.ts";
import { type Finding, note, ok, type Scene, wrong } from "./finding.ts";
import { applyInstall, claudeFolder, homeNamed, recordOf, statusCommand } from "./install.ts";
import { forbidden } from "./managed.ts";
import { ourselves, planPlugin, pluginFolder } from "./plugin.ts";

/** Without the note of what was installed nothing could be put right or taken back: it is written again. */
export function checkRecord({ place, recorded }: Scene): Finding[] {
  if (recorded === "yes") return [];
  const path = installedPath(place);
  const claude = claudeFolder();
  if (recorded === "no" && !existsSync(pluginFolder(claude))) {
    return [wrong("installed", "Polaris is not installed on this machine", "polaris install")];
  }
  const says = recorded === "damaged" ? `${path} cannot be read` : `${path} is missing`;
  return [
    wrong("installed", says, "polaris install", async () => {
      await rebuild(place, claude);
      return "written again from what is there";
    }),
  ];
}

/** Hooks, skill and MCP server of every folder we are in, as this version of this executable writes them. */
export function checkPlugin({ place, record }: Scene): Finding[] {
  const polarisHome = homeNamed(place);
  return record.seats.flatMap((seat): Finding[] => {
    const { folder: claude, capture } = seat;
    const folder = pluginFolder(claude);
    const plugin = planPlugin({ claude, capture, polarisHome });
    if (plugin.length === 0) return [ok("plugin", `${folder} is of this version`)];
    const repair = async () => {
      await applyInstall(planOf(place, seat, { plugin }));
      return `${plugin.length} files written again`;
    };
    return [wrong("plugin", `${folder} ${reason(folder, plugin)}`, "polaris install", repair)];
  });
}

/** Our status line is what stands in each settings file where it was put. */
export function checkStatusLine({ place, record }: Scene): Finding[] {
  const ours = statusCommand(homeNamed(place));
  return record.seats.flatMap((seat): Finding[] => {
    if (!seat.statusLine) return [note("status line", "not installed", "polaris install")];
    const file = join(seat.folder, "settings.json");
    try {
      const statusLine = planStatusLine(file, ours, seat.statusLine);
      if (!statusLine) return [ok("status line", file)];
      const repair = async () => {
        await applyInstall(planOf(place, seat, { statusLine }));
        return `put back into ${file}`;
      };
      const lost = `${file} shows another status line or none`;
      return [wrong("status line", lost, "polaris install", repair)];
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      return [wrong("status line", error.message, error.hint)];
    }
  });
}

/** Whether Claude Code may run what was installed. */
export function checkManaged({ record }: Scene): Finding[] {
  const found = record.seats.flatMap(({ folder }) => forbidden(folder));
  const fix = "ask whoever manages it; polaris import brings sessions in from their transcripts";
  if (found.length > 0) return found.map((says) => wrong("hooks allowed", says, fix));
  return [ok("hooks allowed", "no setting forbids them")];
}

const Made = z.object({ version: z.string() });
const Servers = z.object({ mcpServers: z.object({ polaris: z.object({ command: z.string() }) }) });

/** Why the files are not as they should be, the most telling first. */
function reason(folder: string, plugin: ReturnType<typeof planPlugin>): string {
  const missing = plugin.filter(({ before }) => before === undefined).length;
  if (missing === plugin.length && missing > 3) return "is missing";
  if (missing > 0) return `lacks ${missing} files`;
  const version = Made.safeParse(json(join(folder, ".claude-plugin/plugin.json"))).data?.version;
  if (version !== VERSION) return `is of version ${version ?? "unknown"}, not ${VERSION}`;
  const server = Servers.safeParse(json(join(folder, ".mcp.json"))).data;
  const command = server?.mcpServers.polaris.command;
  if (command && !existsSync(command)) return `names ${command}, which is gone`;
  return `was edited: ${plugin.map(({ path }) => path.slice(folder.length + 1)).join(", ")}`;
}

function planOf(place: Paths, seat: Seat, what: object): Parameters<typeof applyInstall>[0] {
  return {
    place,
    claude: seat.folder,
    polarisHome: homeNamed(place),
    capture: seat.capture,
    plugin: [],
    statusLine: undefined,
    service: undefined,
    warnings: [],
    ...what,
  };
}

/** From what can be seen: whether the status line is ours, and whether a service's file is there. */
async function rebuild(place: Paths, claude: string): Promise<void> {
  const seat: Seat = { folder: claude, capture: "tail", made: [] };
  const service = serviceOf({ place, command: ourselves() });
  const isServed = service.file === null || existsSync(service.file);
  writeInstalled(place, {
    ...recordOf(place),
    version: VERSION,
    seats: [seat],
    service: isServed ? service.kind : null,
  });
  const settings = join(claude, "settings.json");
  const current = currentCommand(read(settings) ?? "");
  if (current === undefined || !looksOurs(current)) return;
  const statusLine = planStatusLine(settings, statusCommand(homeNamed(place)), undefined);
  await applyInstall(planOf(place, seat, { statusLine }));
}

function json(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
