import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Capture, line } from "../../agents/claude/install.ts";
import { privateFolder } from "../../lib/file.ts";
import { makeFolder } from "../../machine/folders.ts";
import {
  type Installed,
  readInstalled,
  type Seat,
  type ServiceKind,
  writeInstalled,
} from "../../machine/installed.ts";
import { type Paths, paths } from "../../machine/paths.ts";
import { recorder } from "../../machine/recorder.ts";
import { serviceOf } from "../../machine/service.ts";
import { type Change, planStatusLine } from "../../machine/settings.ts";
import { PolarisError } from "../../wire/error.ts";
import { VERSION } from "../version.ts";
import { forbidden } from "./managed.ts";
import {
  type FileChange,
  foreignHome,
  ourselves,
  planPlugin,
  pluginFolder,
  writePlugin,
} from "./plugin.ts";

export interface Wish {
  /** Undefined: the folder that Claude Code itself would use. */
  home?: string | undefined;
  /** Undefined: `POLARIS_HOME`, or `.polaris` in the home. */
  polarisHome?: string | undefined;
  capture?: Capture | undefined;
  statusLine: boolean;
  service: boolean;
}

/** All that an installation would change, before anything is changed. */
export interface Plan {
  place: Paths;
  claude: string;
  polarisHome: string | undefined;
  capture: Capture;
  plugin: FileChange[];
  statusLine: Change | undefined;
  /** How the recorder will be kept running, when it is not so already. */
  service: ServiceKind | undefined;
  /** Why something will not be done or will not work. */
  warnings: string[];
}

export interface Done {
  folder: string;
  changed: string[];
  statusLine: string | null;
  service: ServiceKind | null;
  warnings: string[];
}

export async function planInstall(wish: Wish): Promise<Plan> {
  const home = wish.home ?? homedir();
  const claude = claudeFolder(wish.home);
  const polarisHome = wish.polarisHome ?? foreignHome(home);
  const place = paths(polarisHome ?? join(home, ".polaris"));
  const known = recordOf(place);
  const seat = known.seats.find(({ folder }) => folder === claude);
  const capture = wish.capture ?? seat?.capture ?? "tail";
  const warnings = forbidden(claude);
  let statusLine: Change | undefined;
  if (wish.statusLine) {
    try {
      statusLine = planStatusLine(
        join(claude, "settings.json"),
        statusCommand(polarisHome),
        seat?.statusLine,
      );
    } catch (error) {
      if (!(error instanceof PolarisError) || error.code !== "settings_unreadable") throw error;
      warnings.push(`${error.message} ${error.hint}`);
    }
  }
  const plugin = planPlugin({ claude, capture, polarisHome });
  const service = wish.service ? await wantedService(place, known) : undefined;
  return { place, claude, polarisHome, capture, plugin, statusLine, service, warnings };
}

export async function applyInstall(plan: Plan): Promise<Done> {
  const { place, claude, capture } = plan;
  const known = recordOf(place);
  const before = known.seats.find(({ folder }) => folder === claude);
  const made = [...(before?.made ?? []), ...makeFolder(claude)];
  const homes = makeFolder(dirname(place.home));
  privateFolder(place.home);
  made.push(...writePlugin(claude, plan.plugin));
  const statusLine = plan.statusLine?.wrapped ?? before?.statusLine;
  const seat: Seat = { folder: claude, capture, made, ...(statusLine ? { statusLine } : {}) };
  const releasesUrl = process.env.POLARIS_RELEASES_URL || known.releasesUrl;
  const record: Installed = {
    ...known,
    version: VERSION,
    command: ourselves(),
    seats: [...known.seats.filter(({ folder }) => folder !== claude), seat],
    made: [...known.made, ...homes],
    ...(releasesUrl ? { releasesUrl } : {}),
  };
  // Written before the settings are: should this end in between, it is known what is ours.
  writeInstalled(place, record);
  plan.statusLine?.apply();
  if (plan.service) {
    const folders = await serviceOf({ place, command: ourselves(), kind: plan.service }).install();
    const all = [...record.made, ...folders];
    writeInstalled(place, { ...record, service: plan.service, made: all });
  }
  const folder = pluginFolder(claude);
  return {
    folder,
    changed: plan.plugin.map(({ path }) => path.slice(folder.length + 1)),
    statusLine: plan.statusLine ? plan.statusLine.file : null,
    service: plan.service ?? null,
    warnings: plan.warnings,
  };
}

/** Everything that was installed once, as this version would install it; the recorder is started anew. */
export async function refresh(place: Paths): Promise<string[]> {
  const known = recordOf(place);
  const changed: string[] = [];
  for (const { folder: claude, capture, statusLine } of known.seats) {
    const polarisHome = homeNamed(place);
    const plan: Plan = {
      place,
      claude,
      polarisHome,
      capture,
      plugin: planPlugin({ claude, capture, polarisHome }),
      statusLine: statusLine
        ? planStatusLine(join(claude, "settings.json"), statusCommand(polarisHome), statusLine)
        : undefined,
      service: undefined,
      warnings: [],
    };
    changed.push(...(await applyInstall(plan)).changed);
  }
  if (known.service) {
    await serviceOf({ place, command: ourselves(), kind: known.service }).install();
    changed.push("service");
  }
  return changed;
}

/** `CLAUDE_CONFIG_DIR` is Claude Code's own variable; a home that was named wins over it. */
export const claudeFolder = (home?: string): string =>
  home === undefined && process.env.CLAUDE_CONFIG_DIR
    ? resolve(process.env.CLAUDE_CONFIG_DIR)
    : join(home ?? homedir(), ".claude");

export function recordOf(place: Paths): Installed {
  const known = readInstalled(place);
  return known === undefined || known === "damaged"
    ? { version: VERSION, command: ourselves(), seats: [], service: null, made: [] }
    : known;
}

export const statusCommand = (polarisHome: string | undefined): string =>
  line({ command: ourselves(), ...(polarisHome ? { polarisHome } : {}) }, "statusline");

export const homeNamed = (place: Paths): string | undefined =>
  place.home === join(homedir(), ".polaris") ? undefined : place.home;

async function wantedService(place: Paths, known: Installed): Promise<ServiceKind | undefined> {
  const service = serviceOf({ place, command: ourselves() });
  if (known.service === service.kind && service.enabled()) {
    const running = await recorder(place);
    if (running?.version === VERSION) return undefined;
  }
  return service.kind;
}
