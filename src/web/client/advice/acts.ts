/** What a page can ask of its session: advise, and change who drives. Each answers what went wrong, or nothing. */
import type { Session } from "../../../wire/session.ts";
import { list, record, text } from "../field.ts";
import { isSession } from "../guard.ts";

export interface Problem {
  code: string;
  message: string;
}

export interface Acts {
  inject(words: string): Promise<Problem | undefined>;
  edit(id: string, words: string): Promise<Problem | undefined>;
  recall(id: string): Promise<Problem | undefined>;
  claim(force: boolean): Promise<Problem | undefined>;
  handOff(to: string | undefined): Promise<Problem | undefined>;
  mute(muted: boolean): Promise<Problem | undefined>;
  /** Asks the session's machine to tell its pull request. */
  pull(): Promise<Problem | undefined>;
  /** Who could drive: the organisation's people. */
  people(): Promise<string[]>;
}

/** What the server draws with. */
export const NO_ACTS: Acts = {
  inject: async () => undefined,
  edit: async () => undefined,
  recall: async () => undefined,
  claim: async () => undefined,
  handOff: async () => undefined,
  mute: async () => undefined,
  pull: async () => undefined,
  people: async () => [],
};

/** `path`: the session's address on the server; `onSession` is told what the session is after an act. */
export function startActs(path: string, onSession: (session: Session) => void): Acts {
  async function send(method: string, to: string, body: object = {}): Promise<Problem | undefined> {
    try {
      const response = await fetch(`${path}${to}`, {
        method,
        headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      if (isSession(answer)) onSession(answer);
      if (response.ok) return undefined;
      const { code, message, hint } = record(record(answer).error);
      const words = [text(message) || `The server answered ${response.status}.`, text(hint)];
      return { code: text(code), message: words.filter(Boolean).join(" ") };
    } catch {
      return { code: "unreachable", message: "The server does not answer; nothing was sent." };
    }
  }

  return {
    // The id is made here, so that pressing again after a lost answer sends nothing twice.
    async inject(words) {
      const body = { id: idFor(words), text: words };
      const problem = await send("POST", "/inject", body);
      if (!problem) pending = undefined;
      return problem;
    },
    edit: (id, words) => send("PATCH", `/injections/${id}`, { text: words }),
    recall: (id) => send("DELETE", `/injections/${id}`),
    claim: (force) => send("POST", "/driver", { force }),
    handOff: (to) => send("POST", "/handoff", to ? { to } : {}),
    mute: (muted) => send("POST", "/mute", { muted }),
    pull: () => send("POST", "/pull"),
    async people() {
      const response = await fetch("/orgs/members?limit=500");
      if (!response.ok) return [];
      const { items } = record(await response.json());
      return list(items).map((each) => text(record(each).participant));
    },
  };
}

let pending: { words: string; id: string } | undefined;

/** Plain http on a network address has no `crypto.randomUUID`. */
function idFor(words: string): string {
  if (pending?.words === words) return pending.id;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  pending = { words, id };
  return id;
}
