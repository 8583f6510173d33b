import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { ask } from "../../src/machine/local.ts";
import { isHeld, stopRecorder } from "../../src/machine/recorder.ts";
import type { Status } from "../../src/wire/local.ts";
import type { Computer } from "./kit.ts";

/** One way in which an installation is found broken in the world, built on one that was whole. */
export interface Broken {
  name: string;
  /** The check that must say so. */
  check: string;
  break(computer: Computer): Promise<void> | void;
}

const pidOf = async ({ place }: Computer) => (await ask<Status>(place, "/status")).pid;

async function kill(computer: Computer): Promise<void> {
  process.kill(await pidOf(computer), "SIGKILL");
  await until(() => !isHeld(computer.place));
}

/** Changes a file of the plugin folder as text. */
const edit =
  (file: string, change: (text: string) => string) =>
  ({ plugin }: Computer) => {
    const path = join(plugin, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  };

const old = new Date(Date.now() - 3_600_000);

export const BROKEN: Broken[] = [
  {
    name: "the plugin folder is gone",
    check: "plugin",
    break: ({ plugin }) => rmSync(plugin, { recursive: true }),
  },
  {
    name: "hooks.json is gone",
    check: "plugin",
    break: ({ plugin }) => unlinkSync(join(plugin, "hooks/hooks.json")),
  },
  {
    name: "hooks and skill are of an earlier version",
    check: "plugin",
    break: edit(".claude-plugin/plugin.json", (text) =>
      text.replace(/"version": ".*"/, '"version": "0.0.1"'),
    ),
  },
  {
    name: "somebody edited the skill",
    check: "plugin",
    break: edit("SKILL.md", (text) => `${text}\nAlways say please.\n`),
  },
  {
    name: "the MCP server's file is no JSON any more",
    check: "plugin",
    break: edit(".mcp.json", (text) => text.slice(0, 20)),
  },
  {
    name: "the executable has moved since",
    check: "plugin",
    break({ plugin, executable }) {
      for (const file of ["hooks/hooks.json", ".mcp.json", "SKILL.md"]) {
        const path = join(plugin, file);
        writeFileSync(
          path,
          readFileSync(path, "utf8").replaceAll(executable[0] ?? "", "/old/place/polaris"),
        );
      }
    },
  },
  {
    name: "the plugin folder is a link to nowhere",
    check: "plugin",
    break({ plugin }) {
      rmSync(plugin, { recursive: true });
      symlinkSync("/nowhere/polaris", plugin);
    },
  },
  {
    name: "a file lies where the hooks' folder was",
    check: "plugin",
    break({ plugin }) {
      rmSync(join(plugin, "hooks"), { recursive: true });
      writeFileSync(join(plugin, "hooks"), "theirs");
    },
  },
  {
    name: "the status line was taken out of the settings",
    check: "status line",
    break: ({ settings }) => writeFileSync(settings, '{ "theme": "light" }'),
  },
  {
    name: "another tool's status line stands in its place",
    check: "status line",
    break: ({ settings }) =>
      writeFileSync(settings, '{"statusLine":{"type":"command","command":"echo other"}}'),
  },
  {
    name: "the settings file was deleted",
    check: "status line",
    break: ({ settings }) => unlinkSync(settings),
  },
  {
    name: "the note of what was installed is gone",
    check: "installed",
    break: ({ place }) => unlinkSync(join(place.home, "install.json")),
  },
  {
    name: "the note of what was installed is half-written",
    check: "installed",
    break: ({ place }) => writeFileSync(join(place.home, "install.json"), '{"version": "0.'),
  },
  { name: "the recorder was killed", check: "recorder", break: kill },
  {
    name: "the recorder hangs",
    check: "recorder",
    async break(computer) {
      process.kill(await pidOf(computer), "SIGSTOP");
    },
  },
  {
    name: "the recorder's socket was removed under it",
    check: "recorder",
    break: ({ place }) => unlinkSync(place.socket),
  },
  {
    name: "a recorder of an earlier version still runs",
    check: "recorder",
    async break(computer) {
      await stopRecorder(computer.place);
      const double = join(import.meta.dir, "../doubles/old-recorder.ts");
      const child = Bun.spawn([process.execPath, double, computer.place.home], {
        stdout: "pipe",
        stderr: "inherit",
      });
      await child.stdout.getReader().read();
    },
  },
  {
    name: "a file lies in the socket's place",
    check: "folders",
    async break(computer) {
      await kill(computer);
      rmSync(computer.place.socket, { force: true });
      writeFileSync(computer.place.socket, "precious");
    },
  },
  {
    name: "a file lies in the spool's place",
    check: "folders",
    async break(computer) {
      await kill(computer);
      rmSync(computer.place.spool, { recursive: true });
      writeFileSync(computer.place.spool, "precious");
    },
  },
  {
    name: "a file lies in the slates' place",
    check: "folders",
    async break(computer) {
      await kill(computer);
      rmSync(computer.place.slates, { recursive: true });
      writeFileSync(computer.place.slates, "precious");
    },
  },
  {
    name: "everybody can enter the recorder's folder",
    check: "permissions",
    break: ({ place }) => chmodSync(place.home, 0o755),
  },
  {
    name: "everybody can read the sign-in",
    check: "permissions",
    break: ({ place }) => chmodSync(place.credentials, 0o644),
  },
  {
    name: "hooks can leave nothing in the spool",
    check: "permissions",
    break: ({ place }) => chmodSync(place.spool, 0o500),
  },
  {
    name: "the journal was damaged",
    check: "journal",
    async break(computer) {
      const { place } = computer;
      await kill(computer);
      for (const name of readdirSync(dirname(place.journal))) {
        writeFileSync(join(dirname(place.journal), name), "no database ".repeat(1000));
      }
      await computer.do("install", "--refresh");
    },
  },
  {
    name: "something that is no hook call lay in the spool",
    check: "journal",
    async break({ place }) {
      writeFileSync(join(place.spool, `${Bun.randomUUIDv7()}.json`), "{");
      await until(() => existsSync(place.damaged) && readdirSync(place.damaged).length === 1);
    },
  },
  {
    name: "the machine's identity is unreadable",
    check: "identity",
    break: ({ place }) => writeFileSync(place.machine, "{"),
  },
  {
    name: "a crash left half-written files",
    check: "leftovers",
    break({ place }) {
      const path = join(place.home, "credentials.json.123.tmp");
      writeFileSync(path, "");
      utimesSync(path, old, old);
    },
  },
  {
    name: "several things at once, after a restored backup",
    check: "installed",
    async break(computer) {
      const { plugin, place } = computer;
      await kill(computer);
      renameSync(plugin, `${plugin}.old`);
      chmodSync(place.home, 0o777);
      unlinkSync(join(place.home, "install.json"));
      writeFileSync(computer.settings, "{}");
      mkdirSync(plugin);
    },
  },
];
