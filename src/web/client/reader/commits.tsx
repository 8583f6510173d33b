/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import type { StoredEvent } from "../../../wire/event.ts";
import type { SessionCommit } from "../../../wire/pull.ts";
import type { Problem } from "../advice/acts.ts";
import { useDesk } from "../desk.ts";
import { field, line, text } from "../field.ts";
import type { Item } from "../fold.ts";

/** What came of the session in its repository: commits, asked for when they are looked at, and its pull request. */
export function Commits() {
  const { store, commits } = useDesk();
  const [list, setList] = useState<SessionCommit[] | string>();
  void store.revision.value;
  const made = newest(store.folded.value.turns, "code.commit")?.seq;
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (open) commits().then(setList, (error: Error) => setList(error.message));
  }, [open, made]);
  return (
    <section class="needs-script" aria-label="Code">
      <details onToggle={(toggle) => setOpen(toggle.currentTarget.open)}>
        <summary>Commits</summary>
        {typeof list === "string" ? <p class="field-problem">{list}</p> : null}
        {list?.length === 0 ? <p class="dim">None while it was recorded.</p> : null}
        {Array.isArray(list) ? (
          <ul class="commits">
            {list.map(({ sha, subject, movedTo }) => (
              <li key={sha} class={movedTo ? "dim" : ""}>
                <code title={sha}>{sha.slice(0, 7)}</code> {line(subject, 80)}
                {movedTo ? ` → ${movedTo.slice(0, 7)}` : ""}
              </li>
            ))}
          </ul>
        ) : null}
      </details>
      {store.pulls ? <Pull /> : null}
    </section>
  );
}

/** Older wishes that nobody answered are over: the machine was away. */
const PATIENCE_MS = 60_000;

/** The session's own machine is asked to write to the pull request; how far that came is told live. */
function Pull() {
  const { store, advice } = useDesk();
  const [problem, setProblem] = useState<Problem>();
  void store.revision.value;
  const last = newest(store.folded.value.turns, "pull.");
  const isOver = store.session.value.state === "finished";
  const waits = last?.kind === "pull.asked" && store.now.value - Date.parse(last.at) < PATIENCE_MS;
  return (
    <>
      {isOver ? (
        <p class="dim">
          To tell its pull request: <code>polaris pr</code> in its working tree.
        </p>
      ) : (
        <p class="acts">
          <button
            type="button"
            class="button small"
            disabled={waits}
            onClick={async () => setProblem(await advice.pull())}
          >
            Tell its pull request
          </button>
        </p>
      )}
      <p class="dim" role="status">
        {last ? <Stand last={last} waits={waits} /> : null}
      </p>
      {problem ? (
        <p class="field-problem" role="alert">
          {problem.message}
        </p>
      ) : null}
    </>
  );
}

function Stand({ last: { kind, body }, waits }: { last: StoredEvent; waits: boolean }) {
  if (kind === "pull.failed") return <>Not told: {line(text(body.reason), 300)}</>;
  if (kind === "pull.asked") {
    return <>{waits ? "Asked its machine…" : "Its machine has not answered."}</>;
  }
  const url = text(body.url);
  const words = `#${field.number(body.number)} tells of it`;
  // What a machine wrote: an address that runs is none.
  if (!/^https?:\/\//.test(url)) return words;
  return (
    <a href={url} rel="noreferrer noopener" target="_blank">
      {words}
    </a>
  );
}

/** The last event of a kind among those at hand; the last turns are enough for what is live. */
function newest(turns: readonly { items: Item[] }[], kind: string): StoredEvent | undefined {
  for (const { items } of turns.slice(-20).reverse()) {
    const found = items.findLast(
      (item) => item.type === "event" && item.event.kind.startsWith(kind),
    );
    if (found?.type === "event") return found.event;
  }
  return undefined;
}
