/** @jsxImportSource preact */
import type { Item, Turn } from "../fold.ts";
import { AdviceView } from "./advice.tsx";
import { Permission, QuestionView } from "./ask.tsx";
import { LaneView } from "./lane.tsx";
import { SystemLine, Unknown } from "./line.tsx";
import { Answer, Prompt, Thought } from "./message.tsx";
import { ToolView } from "./tool.tsx";

/** The form of each kind. A new kind gets its line here. */
export function ItemView({ item, turn }: { item: Item; turn?: Turn }) {
  if (item.type === "tool") return <ToolView tool={item} />;
  if (item.type === "lane")
    return <LaneView lane={item} draw={(inner) => <ItemView item={inner} />} />;
  if (item.type === "advice") return <AdviceView item={item} />;
  if (item.type === "question") return <QuestionView item={item} />;
  const { event } = item;
  switch (event.kind) {
    case "agent.message":
      return <Answer event={event} />;
    case "agent.thought":
      return <Thought event={event} />;
    case "permission.request":
      return <Permission item={item} />;
    case "user.message":
      return event.body.origin === "system" ? (
        <SystemLine event={event} />
      ) : (
        <Prompt event={event} />
      );
    case "turn.end":
      return <SystemLine event={event} {...(turn ? { turn } : {})} />;
    case "other":
      return <Unknown event={event} />;
    default:
      return KNOWN.has(event.kind) ? <SystemLine event={event} /> : <Unknown event={event} />;
  }
}

const KNOWN = new Set([
  "session.start",
  "session.end",
  "session.title",
  "session.label",
  "permission.decision",
  "compaction.start",
  "compaction.end",
  "notice",
  "error",
  "code.commit",
  "pull.asked",
  "pull.told",
  "pull.failed",
  "driver.changed",
  "advice.muted",
  "advice.unmuted",
  "session.joined",
  "session.left",
  "recording.paused",
  "recording.resumed",
  "recovered",
  "injection.delivered",
  "injection.seen",
  "injection.answered",
  "injection.failed",
  "injection.expired",
  "injection.edited",
  "injection.recalled",
]);
