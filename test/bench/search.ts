import { search as find } from "../../src/core/search.ts";
import { vectorOf } from "../../src/core/terms.ts";
import { silent } from "../../src/lib/log.ts";
import type { Search } from "../../src/wire/search.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { stopShared } from "../helpers/postgres.ts";
import { type Corpus, eventText, fill } from "./corpus.ts";
import { type Bench, type Row, summary } from "./lib.ts";
import { type Random, random } from "./text.ts";

/** What people type: mostly one or two words, some of them rare, in one project or in all. */
export const ASKS: Record<string, (words: Words) => Search> = {
  "one common word": ({ common }) => ({ q: common() }),
  "one word": ({ middle }) => ({ q: middle() }),
  "a rare word": ({ rare }) => ({ q: rare() }),
  "two words": ({ middle }) => ({ q: `${middle()} ${middle()}` }),
  "a common and a rare word": ({ common, rare }) => ({ q: `${common()} ${rare()}` }),
  "a phrase": ({ common, middle }) => ({ q: `"${common()} ${middle()}"` }),
  "one word without another": ({ middle, common }) => ({ q: `${middle()} -${common()}` }),
  "the beginning of a word": ({ middle }) => ({ q: middle().slice(0, 5) }),
  "a part of a word": ({ rare }) => ({ q: rare().slice(2, 7) }),
  "a word in one project": ({ middle, project }) => ({ q: middle(), project: project() }),
  "a rare word in one project": ({ rare, project }) => ({ q: rare(), project: project() }),
  "a person's prompts": ({ middle }) => ({ q: middle(), from: "user:priya", kind: "user.message" }),
  "a command": ({ middle }) => ({ q: middle(), tool: "Bash" }),
  "a file": ({ middle }) => ({ file: `${middle()}.ts` }),
  "a day's events": ({ common }) => ({ q: common(), since: "2026-03-01", until: "2026-03-02" }),
  nothing: () => ({ q: "qqzzqq" }),
};

interface Words {
  common(): string;
  middle(): string;
  rare(): string;
  project(): string;
}

export function wordsFrom(next: Random, { words, projects }: Corpus): Words {
  const between = (from: number, to: number) => () =>
    words[Math.floor(from + next() * (to - from))] ?? "the";
  return {
    common: between(0, 50),
    middle: between(50, 3000),
    rare: between(3000, words.length),
    project: () => projects[Math.floor(next() * projects.length)]?.slug ?? "team-0",
  };
}

/** Search over a corpus of realistic text, through core with the caller's access and row-level security. */
export const search: Bench = {
  name: "search",
  about: "finding words in a million events; what the index costs",
  async run({ quick }) {
    const count = quick ? 50_000 : 1_000_000;
    await using _database = { [Symbol.asyncDispose]: stopShared };
    await using polaris = await startPolaris({ log: silent });
    const next = random(7);
    const began = performance.now();
    const corpus = await fill(polaris.database.admin, next, count);
    const filled = (performance.now() - began) / 1000;
    await polaris.database.admin`vacuum analyze event_text`;
    await polaris.database.admin`vacuum analyze events`;
    const words = wordsFrom(next, corpus);
    const all: number[] = [];
    const rows: Row[] = [];
    for (const [name, ask] of Object.entries(ASKS)) {
      const samples: number[] = [];
      for (let n = 0; n < (quick ? 10 : 60); n++) {
        const at = performance.now();
        await find(polaris.db, polaris.caller, ask(words));
        if (n >= 5) samples.push(performance.now() - at);
      }
      all.push(...samples);
      const { p50, p95, p99 } = summary(samples);
      rows.push({ name: `search: ${name}`, unit: "ms", ours: p95, p50, p99, target: "" });
    }
    const { p50, p95, p99 } = summary(all);
    const [size] = await polaris.database.admin<{ index: string; words: string }[]>`
      select pg_total_relation_size('event_text') as index, pg_total_relation_size('words') as words`;
    const note = `${count.toLocaleString("en")} events; index ${each(size?.index, count)} an event, vocabulary ${each(size?.words, count)}; filled in ${filled.toFixed(0)} s`;
    rows.unshift({
      name: "search, all of them, p95",
      unit: "ms",
      ours: p95,
      p50,
      p99,
      target: "≤ 50 ms",
      pass: p95 <= 50,
      note,
    });
    rows.push(tokenizer(next, corpus));
    return rows;
  },
};

const each = (bytes: string | undefined, count: number) =>
  `${Math.round(Number(bytes ?? 0) / count)} B`;

/** What the server's own thread spends on an event: words out of its text. Off the ingest path. */
function tokenizer(next: Random, { words }: Corpus): Row {
  const texts = Array.from({ length: 5000 }, () => eventText(next, words));
  const began = performance.now();
  const place = { project: "p", session: "s", at: new Date() };
  const more = { sender: "user:manu", driver: null, agents: ["agent:claude"], branch: "main" };
  for (const event of texts) vectorOf({ ...event, ...more, ...place });
  const us = ((performance.now() - began) / texts.length) * 1000;
  return { name: "search: taking an event's text apart", unit: "µs", ours: us, target: "" };
}
