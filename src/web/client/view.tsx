/** @jsxImportSource preact */
import type { Completeness } from "../../wire/check.ts";
import { TopBar } from "../parts/bar.tsx";
import { Icon } from "../parts/icon.tsx";
import { STATE_WORDS, StateMark } from "../parts/state.tsx";
import { brief, count, Time } from "../parts/time.tsx";
import { titleOf } from "../parts/title.ts";
import { nameOf } from "../parts/who.tsx";
import { anchor } from "./conversation/head.tsx";
import { Still } from "./conversation/still.ts";
import { TurnView } from "./conversation/turn.tsx";
import { type Desk, DeskProvider, useDesk } from "./desk.ts";
import { line } from "./field.ts";
import { LiveMark } from "./live-mark.tsx";

/** The session page; drawn by the server first and taken over by the browser. */
export function SessionView({ desk }: { desk: Desk }) {
  return (
    <DeskProvider value={desk}>
      <Bar />
      <div class="session">
        <Outline />
        <main class="conversation" id="conversation">
          <Title />
          <Conversation />
        </main>
        <Facts />
      </div>
    </DeskProvider>
  );
}

const KEYS = [
  ["j k", "next, previous turn"],
  ["o", "unfold what is in focus, or the turn"],
  ["f", "follow the end, or stay here"],
] as const;

/** State and line stay in sight however far one reads. */
function Bar() {
  const { store } = useDesk();
  const session = store.session.value;
  const project = `/app/p/${encodeURIComponent(session.project)}`;
  return (
    <TopBar
      path={[
        [session.project, project],
        [session.name, `${project}/s/${encodeURIComponent(session.name)}`],
      ]}
      viewer={store.viewer}
      here={store.here}
      keys={KEYS}
    >
      <Live />
      <StateMark state={session.state} />
    </TopBar>
  );
}

function Title() {
  const { store } = useDesk();
  const session = store.session.value;
  return (
    <header class="title">
      <h1>{titleOf(session)}</h1>
      <p class="title-line">
        <span>
          {session.driver ? nameOf(session.driver) : "open seat"} → {nameOf(session.agent)}
        </span>
        {session.branch ? (
          <span class="branch">
            <Icon name="branch" label="branch" /> {session.branch}
          </span>
        ) : null}
        <span class="narrow-only">
          <button type="button" class="button small" popovertarget="prompts">
            Prompts
          </button>{" "}
          <button type="button" class="button small" popovertarget="facts">
            Facts
          </button>
        </span>
      </p>
    </header>
  );
}

function Live() {
  const { store } = useDesk();
  return <LiveMark live={store.live.value} now={store.now.value} />;
}

function Conversation() {
  const { store, earlier } = useDesk();
  void store.revision.value;
  const { turns } = store.folded.value;
  return (
    <>
      {store.earlier.value ? (
        <p class="earlier">
          <a
            class="button"
            href={`?before=${store.first()}`}
            onClick={(click) => {
              click.preventDefault();
              void earlier();
            }}
          >
            <Icon name="up" /> Load earlier
          </a>
        </p>
      ) : null}
      {turns.map((turn) => (
        <Still
          key={turn.key}
          of={turn}
          version={turn.version}
          draw={() => <TurnView turn={{ ...turn }} />}
        />
      ))}
      {turns.length ? null : (
        <p class="empty">
          Nothing here yet. Prompts, answers and tool calls appear as they happen; this page needs
          no reload.
        </p>
      )}
    </>
  );
}

/** Every prompt at hand, to jump to. */
function Outline() {
  const { store } = useDesk();
  void store.revision.value;
  const prompts = store.folded.value.turns.flatMap(({ prompt }) => (prompt ? [prompt] : []));
  return (
    <nav class="rail prompts" id="prompts" popover="auto" aria-label="Prompts">
      <h2>Prompts</h2>
      <ol>
        {prompts.map((prompt) => (
          <li key={prompt.seq}>
            <a href={`#${anchor(prompt)}`}>{line(prompt.text ?? "", 80) || "(no text)"}</a>
          </li>
        ))}
      </ol>
      {prompts.length ? null : <p class="dim">No prompts yet.</p>}
    </nav>
  );
}

/** Whether all is here that was recorded on the machine. */
function recordOf(completeness: Completeness | undefined): string | null {
  if (!completeness || completeness.state === "open") return null;
  if (completeness.state === "complete") return "complete";
  const { missing } = completeness;
  const lost = missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const places = missing.slice(0, 3).map(([from, to]) => (from === to ? from : `${from}–${to}`));
  return `${count(lost)} missing: ${places.join(", ")}${missing.length > 3 ? " …" : ""}`;
}

function Facts() {
  const { store } = useDesk();
  void store.revision.value;
  const session = store.session.value;
  const { tokens } = store.folded.value;
  const facts: [string, string | null][] = [
    ["State", STATE_WORDS[session.state]],
    ["Record", recordOf(session.completeness)],
    ["Driver", session.driver ? nameOf(session.driver) : "open seat"],
    ["Agent", nameOf(session.agent)],
    ["Model", session.model],
    ["Branch", session.branch],
    ["Machine", session.machine],
    ["Directory", session.cwd],
    ["Prompts", count(session.prompts)],
    ["Tool calls", count(session.toolCalls)],
    ["Tokens in", tokens.input ? brief(tokens.input) : null],
    ["Tokens out", tokens.output ? brief(tokens.output) : null],
    ["From cache", tokens.cached ? brief(tokens.cached) : null],
    ["Cost", tokens.costUsd ? `$${tokens.costUsd.toFixed(2)}` : null],
  ];
  return (
    <aside class="rail facts" id="facts" popover="auto" aria-label="Facts">
      <h2>Facts</h2>
      <dl>
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
        <div>
          <dt>Started</dt>
          <dd>
            <Time at={session.createdAt} now={store.now.value} />
          </dd>
        </div>
        {session.lastEventAt ? (
          <div>
            <dt>Last activity</dt>
            <dd>
              <Time at={session.lastEventAt} now={store.now.value} />
            </dd>
          </div>
        ) : null}
      </dl>
      {store.earlier.value ? <p class="dim">Tokens count the part shown here.</p> : null}
    </aside>
  );
}
