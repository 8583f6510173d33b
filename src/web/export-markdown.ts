import type { StoredEvent } from "../wire/event.ts";
import type { Session } from "../wire/session.ts";
import { list, record, said, text } from "./client/field.ts";

/** A session as Markdown: prompts as quotes, answers as they are, tools folded into code blocks. */
export async function* markdownOf(
  session: Session,
  events: AsyncIterable<StoredEvent>,
): AsyncGenerator<string> {
  const about = [
    `project ${session.project}`,
    `session ${session.name}`,
    `${session.driver ?? "open seat"} → ${session.agent}`,
    session.branch && `branch ${session.branch}`,
  ].filter(Boolean);
  yield `# ${plain(session.title ?? `Session ${session.name}`)}\n\n${plain(about.join(" · "))}\n`;
  for await (const event of events) {
    const part = partOf(event);
    if (part) yield `\n${part}\n`;
  }
}

function partOf(event: StoredEvent): string | undefined {
  const { kind, body, sender, at, text: words = "" } = event;
  const head = `### ${sender} · ${at.slice(0, 19).replace("T", " ")}`;
  switch (kind) {
    case "user.message":
      return body.origin === "system" ? undefined : `${head}\n\n${quote(words)}`;
    case "injection.queued":
      return `${head} · advice\n\n${quote(words)}`;
    case "agent.message":
      return `${head}\n\n${words}`;
    case "agent.thought":
      return `_Thought:_\n\n${quote(words)}`;
    case "tool.call": {
      const command = text(record(body.input).command);
      const input = command || JSON.stringify(body.input ?? {}, null, 2);
      return `**${plain(text(body.name) || "Tool")}** ${plain(words.split("\n")[0] ?? "")}\n\n${fence(input, command ? "sh" : "json")}`;
    }
    case "tool.result": {
      const output = said(body.output);
      return output ? `${plain(text(body.status))}\n\n${fence(output)}` : undefined;
    }
    case "question.asked": {
      const asked = list(body.questions).map((each) => `- ${plain(text(record(each).question))}`);
      return `${head} · asks\n\n${asked.join("\n") || quote(words)}`;
    }
    case "question.answered":
      return `${head} · answers\n\n${quote(words)}`;
    case "code.commit":
      return `Commit ${text(body.sha).slice(0, 12)}: ${plain(words)}`;
    case "error":
      return `> **error** ${plain(words)}`;
    default:
      return undefined;
  }
}

/** One line, with nothing in it that Markdown takes for more than text. */
const plain = (words: string): string =>
  words.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>#|]/g, "\\$&");

/** Each line its own, as typed. */
const quote = (words: string): string =>
  words
    .split("\n")
    .map((line) => `> ${line.replaceAll(/[\\`*_[\]<>]/g, "\\$&")}`)
    .join("  \n");

/** A fence longer than any in the text. */
function fence(words: string, language = ""): string {
  const longest = Math.max(2, ...(words.match(/`+/g) ?? []).map(({ length }) => length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${words}\n${ticks}`;
}
