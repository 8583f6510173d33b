/** @jsxImportSource preact */
/** `/app/search`: everything that was said and done. The address holds the whole question; scripts only save the Enter key. */

import type { Found, Hit, HitSession } from "../../wire/search.ts";
import { TopBar } from "../parts/bar.tsx";
import { Icon } from "../parts/icon.tsx";
import type { ShapeName } from "../parts/shapes.ts";
import { Time } from "../parts/time.tsx";
import { Who } from "../parts/who.tsx";
import { document, type Frame } from "./shell.tsx";

export const FIELDS = [
  "project",
  "from",
  "agent",
  "kind",
  "tool",
  "file",
  "branch",
  "since",
  "until",
] as const;
export type Field = (typeof FIELDS)[number];

export interface SearchPage extends Frame {
  q: string;
  filters: Partial<Record<Field, string>>;
  session?: string | undefined;
  /** Undefined: nothing was asked yet. */
  found?: Found | undefined;
  problem?: string | undefined;
  projects: string[];
  viewer: string;
  now: number;
}

export function searchPage(page: SearchPage): string {
  const { q, viewer, here } = page;
  return document({
    ...page,
    title: `${q ? `${q} · ` : ""}Search · Polaris`,
    script: "search.js",
    body: (
      <>
        <TopBar path={[["search", "/app/search"]]} viewer={viewer} here={here} />
        <main class="list-page" id="conversation">
          <h1 class="unseen">Search</h1>
          <search>
            <Form {...page} />
          </search>
          <section id="results" aria-live="polite" aria-label="Results">
            <Results {...page} />
          </section>
        </main>
      </>
    ),
  });
}

const KINDS = [
  ["", "anything"],
  ["user.message", "prompts"],
  ["agent.message", "answers"],
  ["tool.call", "tool calls"],
  ["question.asked", "questions"],
  ["injection.queued", "advice"],
  ["code.commit", "commits"],
  ["error", "errors"],
] as const;

function Form({ q, filters, session, projects }: SearchPage) {
  return (
    <form action="/app/search" class="search-form" id="search">
      <div class="search-box">
        <Icon name="search" />
        <input
          type="search"
          name="q"
          id="q"
          value={q}
          autofocus={q === ""}
          placeholder='migrations "exact phrase" -not file:auth.ts'
          aria-label="Words to find"
          autocomplete="off"
          spellcheck={false}
        />
        <button type="submit" class="button">
          Search
        </button>
      </div>
      <div class="filters">
        <label>
          Project
          <select name="project">
            <option value="">all</option>
            {projects.map((slug) => (
              <option key={slug} value={slug} selected={slug === filters.project}>
                {slug}
              </option>
            ))}
          </select>
        </label>
        <label>
          What
          <select name="kind">
            {KINDS.map(([kind, name]) => (
              <option key={kind} value={kind} selected={kind === (filters.kind ?? "")}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <Text name="from" label="Who" value={filters.from} example="priya" />
        <Text name="agent" label="Agent" value={filters.agent} example="claude" />
        <Text name="tool" label="Tool" value={filters.tool} example="Bash" />
        <Text name="file" label="File" value={filters.file} example="src/auth.ts" />
        <Text name="branch" label="Branch" value={filters.branch} example="main" />
        <Text name="since" label="From day" value={filters.since} example="7d" />
        <Text name="until" label="To day" value={filters.until} example="2026-11-20" />
      </div>
      {session ? <input type="hidden" name="session" value={session} /> : null}
    </form>
  );
}

function Text({
  name,
  label,
  value = "",
  example,
}: {
  name: Field;
  label: string;
  value?: string | undefined;
  example: string;
}) {
  return (
    <label>
      {label}
      <input name={name} value={value} placeholder={example} size={10} spellcheck={false} />
    </label>
  );
}

function Results({ found, problem, q, filters, session, now }: SearchPage) {
  if (problem) {
    return (
      <p class="problem" role="alert">
        {problem}
      </p>
    );
  }
  if (!found) return <Lesson />;
  if (found.items.length === 0) {
    return (
      <div class="empty">
        <h2>Nothing found</h2>
        <p>Fewer words or filters find more. New events are found two seconds after they came.</p>
      </div>
    );
  }
  const more = new URLSearchParams({ q, ...filters, ...(session ? { session } : {}) });
  more.set("cursor", found.next ?? "");
  return (
    <>
      {found.sessions.map((of) => (
        <Group
          key={`${of.project}/${of.name}`}
          of={of}
          hits={found.items.filter(
            ({ project, session }) => project === of.project && session === of.name,
          )}
          now={now}
        />
      ))}
      {found.next ? (
        <p class="earlier">
          <a class="button" href={`/app/search?${more}`}>
            Earlier hits
          </a>
        </p>
      ) : null}
    </>
  );
}

const LESSON = [
  ["signing key", "both words"],
  ['"signing key"', "the phrase"],
  ["signing -key", "without a word"],
  ["retry or backoff", "either"],
  ["userName", "parts of names and paths, in any spelling"],
  ["tool:bash from:priya", "filters, typed"],
] as const;

function Lesson() {
  return (
    <div class="empty">
      <h2>Search prompts, answers, commands and files</h2>
      <dl class="lesson">
        {LESSON.map(([words, what]) => (
          <div key={words}>
            <dt>
              <a href={`/app/search?${new URLSearchParams({ q: words })}`}>
                <code>{words}</code>
              </a>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Group({ of, hits, now }: { of: HitSession; hits: Hit[]; now: number }) {
  const address = `/app/p/${encodeURIComponent(of.project)}/s/${encodeURIComponent(of.name)}`;
  return (
    <article class="found" data-session={`${of.project}/${of.name}`}>
      <h2>
        <a href={address}>{of.title || of.name}</a>
      </h2>
      <p class="dim second">
        {of.project} · {of.driver ? <Who who={of.driver} face={of.driverFace} /> : "open seat"} →{" "}
        <Who who={of.agent} face={of.agentFace} />
        {of.branch ? ` · ${of.branch}` : ""}
      </p>
      <ol class="hits">
        {hits.map((hit) => (
          <li key={hit.seq}>
            <a class="hit" href={momentOf(address, hit.seq)}>
              <Icon name={iconOf(hit)} label={WORDS[hit.kind] ?? hit.kind} />
              <span class="passage">
                <Passage {...hit} />
              </span>
              <Time at={hit.at} now={now} />
            </a>
          </li>
        ))}
      </ol>
    </article>
  );
}

/** The page of the session as of this event, with some of what came after. */
const momentOf = (address: string, seq: number): string => `${address}?before=${seq + 60}#e-${seq}`;

const WORDS: Record<string, string> = {
  "user.message": "prompt",
  "agent.message": "answer",
  "tool.call": "tool call",
  "injection.queued": "advice",
  "question.asked": "question",
  "question.answered": "answer to a question",
  "code.commit": "commit",
};

function iconOf({ kind, tool }: Hit): ShapeName {
  if (kind === "user.message") return "person";
  if (kind === "tool.call") return tool === "Bash" ? "execute" : "edit";
  if (kind === "injection.queued") return "advice";
  if (kind.startsWith("question")) return "question";
  if (kind === "code.commit") return "branch";
  if (kind === "error") return "warning";
  return kind === "agent.message" ? "think" : "notice";
}

/** The text with its marks; places that overlap or lie outside are passed over. */
function Passage({ text, marks, kind }: Pick<Hit, "text" | "marks" | "kind">) {
  const parts = [];
  const said = (piece: string) => (kind === "agent.message" ? unsigned(piece) : piece);
  let at = 0;
  for (const [from, to] of marks) {
    if (from < at) continue;
    parts.push(said(text.slice(at, from)), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  return (
    <>
      {parts}
      {said(text.slice(at))}
    </>
  );
}

/** An answer's Markdown on one line: its signs say nothing there. In code and commands they stay. */
const unsigned = (text: string): string =>
  text.replace(/\*\*|```\w*|`/g, "").replace(/(^|\s)#{1,6} /g, "$1");
