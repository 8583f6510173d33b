/** @jsxImportSource preact */
/** `/app/usage`: what the sessions took, each chart with its table, each table with its CSV. */
import type { By, Usage, UsageRow } from "../../wire/usage.ts";
import { TopBar } from "../parts/bar.tsx";
import { type Bar, Bars } from "../parts/bars.tsx";
import { brief, count, duration } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { document, type Frame } from "./shell.tsx";

interface Asked {
  since?: string | undefined;
  until?: string | undefined;
  project?: string | undefined;
  agent?: string | undefined;
  model?: string | undefined;
  person?: string | undefined;
}

export interface UsagePage extends Frame {
  asked: Asked;
  all: Usage[];
  projects: string[];
  /** May open figures by person to the organisation. */
  mayOpen: boolean;
  viewer: string;
}

const HEADINGS: Record<By, string> = {
  day: "By day",
  project: "By project",
  agent: "By agent",
  model: "By model",
  person: "By person",
  tool: "Tools",
  file: "Files changed",
};

export function usagePage(page: UsagePage): string {
  const { asked, all, projects, viewer, here } = page;
  const days = all.find(({ by }) => by === "day");
  return document({
    ...page,
    title: "Usage · Polaris",
    script: "page.js",
    body: (
      <>
        <TopBar path={[["usage", "/app/usage"]]} viewer={viewer} here={here} />
        <main class="list-page usage" id="conversation">
          <h1>Usage</h1>
          <form action="/app/usage" class="filters" aria-label="What is counted">
            <label>
              Project
              <select name="project">
                <option value="">all</option>
                {projects.map((slug) => (
                  <option key={slug} value={slug} selected={slug === asked.project}>
                    {slug}
                  </option>
                ))}
              </select>
            </label>
            <Day name="since" label="From" value={asked.since ?? days?.since} />
            <Day name="until" label="To" value={asked.until ?? days?.until} />
            {(["agent", "model", "person"] as const).map((name) =>
              asked[name] ? (
                <label key={name}>
                  {name}
                  <input name={name} value={asked[name]} size={16} />
                </label>
              ) : null,
            )}
            <button type="submit" class="button">
              Show
            </button>
          </form>
          {days ? <Totals {...days} /> : null}
          {days ? <Charts days={days} /> : null}
          {all.map((usage) => (
            <Table key={usage.by} usage={usage} page={page} />
          ))}
        </main>
      </>
    ),
  });
}

function Day({
  name,
  label,
  value = "",
}: {
  name: string;
  label: string;
  value?: string | undefined;
}) {
  return (
    <label>
      {label}
      <input name={name} value={value} size={11} placeholder="2026-11-20" spellcheck={false} />
    </label>
  );
}

const money = (usd: number): string => `$${usd.toFixed(usd > 0 && usd < 0.995 ? 3 : 2)}`;
const tokens = (row: UsageRow): number =>
  row.inputTokens + row.outputTokens + row.cacheReadTokens + row.cacheWriteTokens;

function Totals({ total }: Usage) {
  const facts: [string, string][] = [
    ["Sessions", count(total.sessions)],
    ["Prompts", count(total.prompts)],
    ["Turns", count(total.turns)],
    ["Tool calls", count(total.tools)],
    ["Files changed", count(total.files)],
    ["Tokens", brief(tokens(total))],
    ["Cost", `${total.unpriced > 0 ? "≥ " : ""}${money(total.costUsd)}`],
    ["Waited for a human", duration(total.waitingMs)],
  ];
  return (
    <dl class="totals">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Charts({ days }: { days: Usage }) {
  const of = (value: (row: UsageRow) => number, text: (value: number) => string): Bar[] => {
    const known = new Map(days.rows.map((row) => [row.key, value(row)]));
    return daysBetween(days.since, days.until).map((label) => {
      const value = known.get(label) ?? 0;
      return { label, value, text: text(value) };
    });
  };
  return (
    <div class="charts">
      <section>
        <h2>Prompts a day</h2>
        <Bars
          bars={of(({ prompts }) => prompts, count)}
          label="Prompts a day; figures in the table by day"
        />
      </section>
      <section>
        <h2>Cost a day</h2>
        <Bars
          bars={of(({ costUsd }) => costUsd, money)}
          label="Cost a day; figures in the table by day"
        />
      </section>
    </div>
  );
}

const MOST_DAYS = 400;

function daysBetween(since: string, until: string): string[] {
  const days = [];
  const end = Date.parse(until);
  for (let at = Date.parse(since); at <= end && days.length < MOST_DAYS; at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

const SHOWN = 50;

/** A query without what is not asked. */
const queryOf = (asked: object): URLSearchParams =>
  new URLSearchParams(Object.entries(asked).filter(([, value]) => value));

function Table({ usage, page }: { usage: Usage; page: UsagePage }) {
  const { by, rows } = usage;
  const isPart = by === "tool" || by === "file";
  const csv = queryOf({ ...page.asked, by, format: "csv" });
  const shown = by === "day" ? rows.toReversed() : rows;
  return (
    <section class="usage-table" id={`by-${by}`}>
      <h2>{HEADINGS[by]}</h2>
      {by === "person" ? <People usage={usage} page={page} /> : null}
      {rows.length === 0 ? (
        <p class="dim">Nothing in these days.</p>
      ) : (
        <div class="scrolls">
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">{by === "file" ? "File" : by}</th>
                {(isPart ? PART_COLUMNS : COLUMNS).map(([name]) => (
                  <th scope="col" class="number" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, SHOWN).map((row) => (
                <tr key={row.key}>
                  <th scope="row">{keyOf(by, row.key, page)}</th>
                  {(isPart ? PART_COLUMNS : COLUMNS).map(([name, value]) => (
                    <td class="number" key={name} data-name={name.toLowerCase()}>
                      {value(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="dim small">
        {rows.length > SHOWN ? `${SHOWN} of ${count(rows.length)} shown. ` : ""}
        <a href={`/usage?${csv}`} download>
          CSV
        </a>
      </p>
    </section>
  );
}

type Column = [name: string, value: (row: UsageRow) => string];

const COLUMNS: Column[] = [
  ["Sessions", ({ sessions }) => count(sessions)],
  ["Prompts", ({ prompts }) => count(prompts)],
  ["Turns", ({ turns }) => count(turns)],
  ["Tools", ({ tools }) => count(tools)],
  ["Files", ({ files }) => count(files)],
  ["Tokens in", (row) => brief(row.inputTokens + row.cacheReadTokens + row.cacheWriteTokens)],
  ["Tokens out", ({ outputTokens }) => brief(outputTokens)],
  ["Cost", ({ costUsd, unpriced }) => `${unpriced > 0 ? "≥ " : ""}${money(costUsd)}`],
  ["Waited", ({ waitingMs }) => duration(waitingMs)],
];

const PART_COLUMNS: Column[] = [
  ["Sessions", ({ sessions }) => count(sessions)],
  ["Calls", ({ tools }) => count(tools)],
  ["Failed", ({ failed }) => count(failed)],
];

/** Every number leads to what is behind it. */
function keyOf(by: By, key: string, { asked }: UsagePage) {
  const to = (query: Record<string, string>) => `?${queryOf({ ...asked, ...query })}`;
  if (by === "day") return <a href={to({ since: key, until: key })}>{key}</a>;
  if (by === "tool") return <a href={`/app/search?${new URLSearchParams({ tool: key })}`}>{key}</a>;
  if (by === "file") return <a href={`/app/search?${new URLSearchParams({ file: key })}`}>{key}</a>;
  const shown = by === "person" || by === "agent" ? nameOf(key) : key;
  return <a href={to({ [by]: key })}>{shown}</a>;
}

function People({ usage, page }: { usage: Usage; page: UsagePage }) {
  return (
    <>
      <p class="dim">
        {usage.byPerson
          ? "This organisation shows everybody's figures to its members."
          : "You see your own figures; everybody else's are one sum."}
      </p>
      {page.mayOpen ? (
        <form method="post" action="/app/usage">
          <input type="hidden" name="byPerson" value={usage.byPerson ? "no" : "yes"} />
          <button type="submit" class="button">
            {usage.byPerson
              ? "Show each person their own only"
              : "Show figures by person to members"}
          </button>
        </form>
      ) : null}
    </>
  );
}
