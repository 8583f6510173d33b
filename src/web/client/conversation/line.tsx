/** @jsxImportSource preact */
import type { StoredEvent } from "../../../wire/event.ts";
import { Icon } from "../../parts/icon.tsx";
import type { ShapeName } from "../../parts/shapes.ts";
import { brief, dollars, duration } from "../../parts/time.tsx";
import { nameOf } from "../../parts/who.tsx";
import { Code } from "../code.tsx";
import { field, line, text } from "../field.ts";
import type { Turn } from "../fold.ts";
import { ShowAll } from "./cut.tsx";
import { anchor, When } from "./head.tsx";

/** Everything that nobody said: ends, notices, errors, changes of hands. One quiet line each. */
export function SystemLine({ event, turn }: { event: StoredEvent; turn?: Turn }) {
  const [icon, words, tone = ""] = tell(event, turn);
  if (isLong(event)) return <Long event={event} icon={icon} words={words} />;
  return (
    <p class={`system ${tone}`} id={anchor(event)}>
      <Icon name={icon} />
      <span>
        {words} <Door event={event} />
      </span>
      <When event={event} />
    </p>
  );
}

/** Where a line leads to: the comment that was written. */
function Door({ event: { kind, body } }: { event: StoredEvent }) {
  const url = text(body.url);
  if (kind !== "pull.told" || !/^https?:\/\//.test(url)) return null;
  return (
    <a href={url} rel="noreferrer noopener" target="_blank">
      Open
    </a>
  );
}

/** Where a line shows only the beginning of what was said. */
const isLong = ({ kind, text: all = "" }: StoredEvent): boolean =>
  SAID.has(kind) && line(all, MOST) !== all.trim();

const SAID = new Set(["user.message", "notice", "error"]);
const MOST = 300;

/** A summary after compaction, a stack trace: its first line, the rest on demand. */
function Long({ event, icon, words }: { event: StoredEvent; icon: ShapeName; words: string }) {
  return (
    <details class="tool" id={anchor(event)}>
      <summary>
        <Icon name={icon} />
        <span class="long">{words}</span>
      </summary>
      <div class="tool-body">
        <p class="typed">{event.text}</p>
        <When event={event} />
        <ShowAll event={event} />
      </div>
    </details>
  );
}

/** A kind nobody has taught this page yet: its name, its text, its fields. */
export function Unknown({ event }: { event: StoredEvent }) {
  const type = text(event.body.type) || event.kind;
  return (
    <details class="tool" id={anchor(event)}>
      <summary>
        <Icon name="notice" />
        <b>{type}</b>
        <span class="tool-text">{line(event.text ?? "")}</span>
      </summary>
      <div class="tool-body">
        <Code text={JSON.stringify(event.body, null, 2)} lang="fields" />
        <ShowAll event={event} />
      </div>
    </details>
  );
}

type Told = [icon: ShapeName, words: string, tone?: "bad" | "marked"];

const STARTS: Record<string, string> = {
  startup: "Session started",
  resume: "Session resumed",
  clear: "Conversation cleared",
  compact: "Continued after compaction",
  fork: "Forked from another session",
};

/** Icon, words and tone of each kind. */
function tell(event: StoredEvent, turn: Turn | undefined): Told {
  const { body } = event;
  const words = event.text ?? "";
  switch (event.kind) {
    case "session.start": {
      const more = [text(body.model), text(body.branch)].filter(Boolean).join(" · ");
      const start = STARTS[text(body.source)] ?? "Session started";
      return ["end", more ? `${start} · ${more}` : start];
    }
    case "session.end":
      return ["finished", ["Session ended", text(body.reason)].filter(Boolean).join(" · ")];
    case "session.title":
      return ["notice", `Named “${words}”`];
    case "session.label":
      return [
        "rename",
        words
          ? `${nameOf(event.sender)} named it “${words}”`
          : `${nameOf(event.sender)} took its name away`,
      ];
    case "turn.end":
      return ended(text(body.reason), sizes(event, turn));
    case "compaction.start":
      return ["compaction", "Compacting the context…"];
    case "compaction.end": {
      const [before, after] = [field.number(body.preTokens), field.number(body.postTokens)];
      const size = before ? ` · ${brief(before)}${after ? ` → ${brief(after)}` : ""} tokens` : "";
      return ["compaction", `Context compacted${size}`];
    }
    case "error": {
      const retry = field.number(body.retryInMs);
      const status = body.status === undefined ? "" : ` ${String(body.status)}`;
      const more = retry ? ` · tries again in ${duration(retry)}` : "";
      return ["warning", `Error${status}${words ? `: ${line(words, MOST)}` : ""}${more}`, "bad"];
    }
    case "permission.decision": {
      const by = text(body.by) ? ` by ${text(body.by)}` : "";
      if (body.decision === "reject") return ["denied", `Rejected${by}`, "bad"];
      return ["allowed", `Allowed${by}`];
    }
    case "code.commit":
      return ["commit", commitLine(event), "marked"];
    case "pull.asked":
      return ["pull", `${nameOf(event.sender)} asked to tell the pull request of this session`];
    case "pull.told":
      return ["pull", `Told pull request #${field.number(body.number)}`, "marked"];
    case "pull.failed":
      return ["pull", `The pull request was not told: ${line(text(body.reason), MOST)}`, "bad"];
    case "driver.changed":
      return ["seat", words || seat(event), "marked"];
    case "advice.muted":
      return ["advice", `${nameOf(event.sender)} wants no advice for now`, "marked"];
    case "advice.unmuted":
      return ["advice", `${nameOf(event.sender)} takes advice again`, "marked"];
    case "session.joined":
      return ["person", words || `${nameOf(event.sender)} joined`];
    case "session.left":
      return ["person", words || `${nameOf(event.sender)} left`];
    case "recording.paused":
      return ["paused", words || "Off the record from here", "marked"];
    case "recording.resumed":
      return ["live", words || "On the record again", "marked"];
    case "recovered":
      return ["refresh", words || "Recovered what was missing"];
    default:
      return ["notice", line(words, MOST) || event.kind];
  }
}

/** `ab12cd3 feat: retry · +3 −1 in 2 files · feat/retry`. */
function commitLine({ text: words = "", body }: StoredEvent): string {
  const [added, removed, files] = [body.additions, body.deletions, body.files].map(field.number);
  const size = files ? `+${added} −${removed} in ${files} ${files === 1 ? "file" : "files"}` : "";
  const subject = line(words || text(body.subject), 200);
  const start = `Commit ${text(body.sha).slice(0, 7)} ${subject}`.trim();
  return [start, size, text(body.branch)].filter(Boolean).join(" · ");
}

/** Who gave what to whom: the sender did it, the body says who drives. */
function seat({ sender, body }: StoredEvent): string {
  const [who, driver, from] = [sender, text(body.driver), text(body.from)].map(nameOf);
  if (!driver)
    return from && from !== who ? `${who} freed ${from}'s seat` : `${who} gave up the seat`;
  if (driver !== who) return `${who} gave the seat to ${driver}`;
  return from ? `${who} took the seat from ${from}` : `${who} took the seat`;
}

function ended(reason: string, size: string): Told {
  if (reason === "cancelled") return ["hand", `Interrupted by a human${size}`, "marked"];
  if (reason === "error") return ["failed", `Turn failed${size}`, "bad"];
  if (reason === "max_tokens") return ["warning", `Stopped at the token limit${size}`, "marked"];
  if (reason === "refusal") return ["warning", `Refused${size}`, "marked"];
  return ["check", `Turn ended${size}`];
}

/** ` · 3 min 20 s · 6.4k tokens · $0.08`, as far as known. */
function sizes(end: StoredEvent, turn: Turn | undefined): string {
  const took = turn?.prompt ? Date.parse(end.at) - Date.parse(turn.prompt.at) : 0;
  const tokens = turn?.tokens ?? 0;
  const cost = turn?.costUsd ? ` · ${dollars(turn.costUsd)}` : "";
  return `${took > 0 ? ` · ${duration(took)}` : ""}${tokens ? ` · ${brief(tokens)} tokens` : ""}${cost}`;
}
