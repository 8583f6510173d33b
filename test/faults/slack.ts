import { join } from "node:path";
import { parseArgs } from "node:util";
import { startIdentify } from "../../src/core/identify.ts";
import { attach } from "../../src/db/attach.ts";
import { connect, type Db, open } from "../../src/db/db.ts";
import { until } from "../../src/lib/until.ts";
import { postmasterOf } from "../helpers/chain.ts";
import { organisation, person } from "../helpers/people.ts";
import { startMachine } from "../helpers/polaris.ts";
import { program } from "../helpers/service.ts";
import { connectSlack, type Slack, startSlack } from "../helpers/slack.ts";
import { startHouse, startProgram } from "../slack/house.ts";
import { startRandom } from "./random.ts";
import { judge } from "./slack-verdict.ts";

export interface Storm {
  /** Prompts and answers of all sessions together. */
  events: number;
  /** Of the bridges together, and of PostgreSQL. */
  kills: number;
  seed: number;
}

/** What one session has said, in order. */
export interface Said {
  team: string;
  channel: string;
  session: string;
  texts: string[];
}

const TEAMS = ["T0A", "T0B", "T0C"] as const;
/** Per workspace: two projects with two sessions each. */
const PLACES = ["p1 s1", "p1 s2", "p2 s1", "p2 s2"] as const;

/**
 * Three organisations with a workspace each, twelve sessions, two bridges; Slack limits, forgets to answer after it has
 * posted, refreshes, cuts and freezes connections, while bridges and PostgreSQL are killed. Then Slack's own history is
 * asked whether anything is missing, double, or out of order, and our inbox whether every word of people was handled.
 */
export async function storm({ events, kills, seed }: Storm) {
  const startedAt = performance.now();
  const random = startRandom(seed);
  await using slack = startSlack({
    teams: TEAMS.map((id) => ({ id, name: id, users: [{ id: `U${id}`, name: `manu-${id}` }] })),
    retryDelaysMs: [50, 300, 1000, 2000, 4000, 8000],
  });
  await using house = await startHouse(program, slack, ["--no-bridge"]);
  const { dataDir } = house;
  await using db = await connect(attach(dataDir), { max: 4 });
  const sides = await Promise.all(TEAMS.map((team) => belong(db, slack, team)));
  const bridges = Array.from({ length: 2 }, () => startOne(dataDir, house.env));
  await using _stop = {
    [Symbol.asyncDispose]: async () => void (await Promise.all(bridges.map((b) => b.stop()))),
  };
  await Promise.all(bridges.map((bridge) => bridge.start()));

  let done = 0;
  const heard: string[] = [];
  const perSession = Math.floor(events / (TEAMS.length * PLACES.length));
  const writers = sides.flatMap(({ token, team }) =>
    PLACES.map((place) => write({ url: house.url, token, team, place, count: perSession })),
  );

  async function write(at: {
    url: string;
    token: string;
    team: string;
    place: string;
    count: number;
  }): Promise<Said> {
    const [project = "", name = ""] = at.place.split(" ");
    const machine = startMachine({ project, name });
    const texts: string[] = [];
    for (let n = 0; n < at.count; n++) {
      const text = `${at.team} ${at.place} ${n}`;
      const kind = n % 3 === 0 ? "user.message" : "agent.message";
      await send(at.url, at.token, [machine.head(), machine.line({ text, kind })].join("\n"));
      texts.push(text);
      done++;
      await Bun.sleep(50 + random() * 150);
    }
    return { team: at.team, channel: project, session: `${project} · ${name}`, texts };
  }

  const total = perSession * TEAMS.length * PLACES.length;
  const at = (share: number) =>
    until(() => done >= total * share, { timeoutMs: 600_000, everyMs: 5 });
  const moments = (count: number) =>
    Array.from({ length: count }, () => 0.03 + random() * 0.9).sort((a, b) => a - b);
  const often = async (count: number, act: () => Promise<void> | void) => {
    for (const moment of moments(count)) {
      await at(moment);
      await act();
    }
  };
  // Half a percent of the posts take effect and are answered with 504.
  const lost = Math.ceil(total / 200);
  let talks = 0;
  const troubles = [
    often(lost, () => slack.fault("chat.postMessage", { status: 504, apply: true })),
    often(Math.ceil(total / 50), () => slack.fault("chat.postMessage", { retryAfter: 1 })),
    often(3, () => slack.fault("chat.postMessage", { status: 503 })),
    often(4, () => slack.disconnect("refresh_requested", 500)),
    often(2, () => slack.kill()),
    often(1, async () => {
      slack.freeze();
      await Bun.sleep(2500);
      slack.thaw();
    }),
    often(kills, async () => {
      const victim = bridges[Math.floor(random() * bridges.length)];
      await victim?.kill();
      await Bun.sleep(random() * 1500);
      await victim?.start();
    }),
    // One that sleeps through the end of its lease and wakes up in the middle of a write.
    often(kills >> 2, async () => {
      const [sleeper] = bridges;
      sleeper?.signal("SIGSTOP");
      await Bun.sleep(9000);
      sleeper?.signal("SIGCONT");
    }),
    often(Math.max(1, kills >> 1), () => killDatabase(dataDir)),
    often(Math.ceil(total / 10), async () => {
      const team = TEAMS[talks % 3] ?? "T0A";
      const channels = [...slack.team(team).channels.values()].filter(
        ({ name }) => name !== "general",
      );
      const channel = channels[talks++ % Math.max(1, channels.length)];
      if (!channel) return;
      const text = `word ${talks}`;
      const { ts } = await slack.say(channel.id, `manu-${team}`, text, { team });
      heard.push(`${team} ${channel.id} ${ts}`);
    }),
  ];
  const said = await Promise.all(writers);
  await Promise.all(troubles);
  const saidMs = performance.now() - startedAt;
  const admin = open(attach(dataDir), { max: 1 });
  try {
    const verdict = await judge({ slack, admin, said, heard });
    return {
      ...verdict,
      seed,
      saidMs: Math.round(saidMs),
      ms: Math.round(performance.now() - startedAt),
      kills: bridges.reduce((sum, { kills: n }) => sum + n, 0),
    };
  } finally {
    await admin.close({ timeout: 1 });
  }
}

/** An organisation of its own with a workspace, and a token that records into it. */
async function belong(db: Db, slack: Slack, team: string) {
  const org = await organisation(db, team.toLowerCase());
  const owner = await person(db, org, `manu-${team.toLowerCase()}`, "owner");
  const { secret } = await owner.token();
  const caller = await startIdentify(db).identify(secret);
  await connectSlack(db, slack, caller, team);
  return { team, token: secret };
}

/** The database may be away: a recorder sends the same again until it is taken. */
async function send(url: string, token: string, body: string): Promise<void> {
  const headers = { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` };
  await until(
    async () => {
      const answer = await fetch(`${url}/ingest`, { method: "POST", headers, body });
      return answer.ok;
    },
    { timeoutMs: 60_000, everyMs: 200, what: "the server to take an event" },
  );
}

function startOne(dataDir: string, env: Record<string, string>) {
  const command = [process.execPath, join(import.meta.dir, "slack-bridge.ts"), dataDir];
  let running: Awaited<ReturnType<typeof startProgram>> | undefined;
  const bridge = {
    kills: 0,
    async start(): Promise<void> {
      running = await until(() => startProgram(command, env), { timeoutMs: 60_000, everyMs: 300 });
    },
    signal: (name: NodeJS.Signals) => running?.signal(name),
    async kill(): Promise<void> {
      bridge.kills++;
      await running?.kill("SIGKILL");
    },
    stop: async () => void (await running?.kill("SIGTERM")),
  };
  return bridge;
}

async function killDatabase(dataDir: string): Promise<void> {
  const pid = postmasterOf(dataDir);
  if (!pid) return;
  process.kill(pid, "SIGKILL");
  await until(() => ![undefined, pid].includes(postmasterOf(dataDir)), { timeoutMs: 60_000 });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { events: { type: "string" }, kills: { type: "string" }, seed: { type: "string" } },
  });
  const report = await storm({
    events: Number(values.events ?? 1800),
    kills: Number(values.kills ?? 6),
    seed: Number(values.seed ?? Date.now() % 1_000_000),
  });
  console.log(Bun.inspect(report, { depth: 6, colors: true }));
  process.exit(report.clean ? 0 : 1);
}
