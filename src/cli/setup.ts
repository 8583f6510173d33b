import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as clack from "@clack/prompts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { defaultDataDir, readEnv } from "./kit/server-env.ts";
import { type Result, setUpServer } from "./kit/setup/apply.ts";
import { askServer, demandTerminal, Stopped, serverUrl, sure, which } from "./kit/setup/ask.ts";
import { checksOf } from "./kit/setup/checks.ts";
import { setUpMachine } from "./kit/setup/machine.ts";
import { type Answers, QUESTIONS, settled } from "./kit/setup/questions.ts";

export const help = `
Usage: polaris setup                          asks
       polaris setup --server --yes [options]  a team server here, without questions
       polaris setup --join URL [--device]     this machine joins a server: hooks, recorder, sign-in

Tests each answer, writes them into server.env of the data directory and a service unit, starts the server once to see
that it serves, and prints the claim link. Run again, it begins with what is there. Stopped before its end, it leaves
everything as it was.

${QUESTIONS.map(({ flag, about, setting }) => `  --${flag.padEnd(22)} ${about} (${setting})`).join("\n")}

  --data-dir DIR           what the server keeps (as root /var/lib/polaris, else ~/.polaris/server)
  --service KIND           systemd, launchd or none; default: what there is, for root; else none
  --user NAME              whom the service runs as (polaris; made when missing)
  --unit-dir DIR           where its file goes (/etc/systemd/system, /Library/LaunchDaemons)
  --device                 with --join: sign in by a code, where there is no browser
  --answers FILE           the same names as JSON: {"port": "8080", "database": "embedded"}
  --yes                    ask nothing; what is not said stays as it is, or is the default
  --json                   print the result as JSON

An empty value takes an answer back: --backup-to "".

Examples:
  polaris setup
  polaris setup --server --yes --public-url https://polaris.example.com --trusted-proxies 127.0.0.1
  polaris setup --server --yes --answers /etc/polaris.json --service systemd
  polaris setup --join https://polaris.example.com
`;

export async function run(args: string[]): Promise<void> {
  const flags = Object.fromEntries(
    QUESTIONS.map(({ flag }) => [flag, { type: "string" as const }]),
  );
  const { values } = parse({
    args,
    options: {
      ...flags,
      server: { type: "boolean", default: false },
      join: { type: "string" },
      device: { type: "boolean", default: false },
      "data-dir": { type: "string" },
      service: { type: "string" },
      user: { type: "string", default: "polaris" },
      "unit-dir": { type: "string" },
      answers: { type: "string" },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const said = new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
  const yes = values.yes === true;
  try {
    const url = said.get("join");
    if (url) return await setUpMachine(url, values.device === true);
    if (!yes) demandTerminal();
    if (!yes) clack.intro("Polaris setup");
    const kind = values.server || yes ? "server" : await which();
    if (kind === "machine") return await setUpMachine(await serverUrl(), values.device === true);
    const dataDir = said.get("data-dir") ?? defaultDataDir();
    const now = readEnv(dataDir);
    const given = { ...fromFile(said.get("answers")), ...fromFlags(said) };
    const answers = settled(
      now,
      yes ? given : { ...given, ...(await askServer({ ...now, ...given })) },
    );
    await test(answers, dataDir);
    if (!yes) await sure();
    const wish = {
      dataDir,
      answers,
      service: said.get("service"),
      user: said.get("user") ?? "polaris",
      unitDir: said.get("unit-dir"),
    };
    const result = await setUpServer(wish, (line) => console.error(`  ${line}`));
    if (values.json === true) return void console.log(JSON.stringify(result));
    report(result);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    clack.cancel("Stopped. Nothing was changed.");
    process.exitCode = 1;
  }
}

/** All of them, so that everything wrong is said at once. */
async function test(answers: Answers, dataDir: string): Promise<void> {
  const wrong: PolarisError[] = [];
  for (const { name, run: check } of checksOf(answers, dataDir)) {
    try {
      console.error(`  ✓ ${name}: ${await check()}`);
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      console.error(`  ✗ ${name}: ${error.message}${error.hint ? ` — ${error.hint}` : ""}`);
      wrong.push(error);
    }
  }
  const [first] = wrong;
  if (!first) return;
  throw new PolarisError("usage", `${first.message}.`, {
    hint: `${first.hint} Nothing was changed.`.trim(),
  });
}

function fromFlags(said: Map<string, string>): Answers {
  return Object.fromEntries(
    QUESTIONS.flatMap(({ flag, setting }) => {
      const value = said.get(flag);
      return value === undefined ? [] : [[setting, value] as const];
    }),
  );
}

function fromFile(file: string | undefined): Answers {
  if (!file) return {};
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new PolarisError("usage", `${file} cannot be read as JSON.`, { cause });
  }
  const answers: Answers = {};
  for (const [name, value] of Object.entries(content ?? {})) {
    const question = QUESTIONS.find(({ flag, setting }) => flag === name || setting === name);
    if (!question || typeof value === "object") {
      throw new PolarisError("usage", `${file}: "${name}" is no answer.`, {
        hint: "The names are those of the flags, without --.",
      });
    }
    answers[question.setting] = String(value);
  }
  return answers;
}

function report({ dataDir, unit, claimUrl, running, publicUrl, slackLink, start }: Result): void {
  console.log(
    `✓ The server serves ${publicUrl}. Its settings are in ${join(dataDir, "server.env")}.`,
  );
  if (unit) console.log(`  service   ${unit}${running ? ", running" : ""}`);
  if (!running) console.log(`  start     ${start}`);
  if (claimUrl) {
    console.log(`  claim it  ${claimUrl}`);
    console.log("            once, within 15 minutes; polaris serve --claim prints another");
  }
  if (slackLink)
    console.log(`  Slack     polaris slack --data-dir ${dataDir} gives the link for it`);
  else console.log(`  Slack     press Connect Slack: ${publicUrl}/app/settings/slack`);
  console.log(`  machines  polaris setup --join ${publicUrl}`);
  if (!existsSync(join(dataDir, "backups")) && !readEnv(dataDir).POLARIS_BACKUP_TO) {
    console.log("  backups   none by themselves: polaris setup --server --yes --backup-to DIR");
  }
}
