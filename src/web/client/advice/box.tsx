/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import { Icon } from "../../parts/icon.tsx";
import { calledOf } from "../../parts/who.tsx";
import { anchor } from "../conversation/head.tsx";
import { useDesk } from "../desk.ts";
import { line } from "../field.ts";
import type { Advice, Item } from "../fold.ts";
import type { Problem } from "./acts.ts";
import { standing } from "./standing.ts";

/** What the agent is shown of it: the server takes more, and the rest is cut for the agent. */
const MOST = 4000;

/** Where one advises the session's agent, and sees of one's last words whether it has read them. */
export function AdviceBox() {
  const { store, advice } = useDesk();
  const session = store.session.value;
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const isMuted = session.muted && session.driver !== store.viewer;

  async function send(): Promise<void> {
    if (busy || !words.trim()) return;
    setBusy(true);
    const wrong = await advice.inject(words.trim());
    setBusy(false);
    setProblem(wrong);
    // What could not be sent stays, to be sent again.
    if (!wrong) setWords("");
  }

  return (
    <section class="advise needs-script" aria-label="Advise">
      <Mine />
      <div class="advise-row">
        <textarea
          id="advise"
          rows={1}
          maxLength={MOST}
          value={words}
          disabled={isMuted}
          placeholder={
            isMuted
              ? `${session.driver ? calledOf(session.driver, session.driverFace) : "The driver"} wants no advice now`
              : `Advise ${calledOf(session.agent, session.agentFace)}`
          }
          aria-label="Your advice"
          onInput={(input) => setWords(input.currentTarget.value)}
          onKeyDown={(press) => {
            if (press.key === "Escape") press.currentTarget.blur();
            if (press.key !== "Enter" || press.shiftKey || press.isComposing) return;
            press.preventDefault();
            void send();
          }}
        />
        <button
          type="button"
          class="button button-main"
          onClick={() => void send()}
          disabled={busy || isMuted || !words.trim()}
        >
          <Icon name="advice" /> Send
        </button>
      </div>
      {problem ? (
        <p class="field-problem" role="alert">
          {problem.message}
        </p>
      ) : null}
    </section>
  );
}

/** One's own last words here and how far they have come. */
function Mine() {
  const { store } = useDesk();
  void store.revision.value;
  const last = lastOf(store.folded.value.turns, store.viewer);
  if (!last) return null;
  const { steps, state, text } = standing(last);
  const sign = state === "failed" || state === "expired" ? "warning" : "advice";
  return (
    <p class="quiet-line" role="status" data-advice={state}>
      <Icon name={sign} /> <a href={`#${anchor(last.advice)}`}>{line(text, 60)}</a>:{" "}
      {steps.join(" → ")}
    </p>
  );
}

function lastOf(turns: readonly { items: Item[] }[], viewer: string | null): Advice | undefined {
  // Only among the last: what was advised long ago is over.
  for (const { items } of turns.slice(-5).reverse()) {
    for (const item of items.toReversed()) {
      if (item.type === "advice" && item.advice.sender === viewer) return item;
    }
  }
  return undefined;
}
