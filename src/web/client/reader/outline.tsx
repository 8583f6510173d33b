/** @jsxImportSource preact */
import { brief, dollars } from "../../parts/time.tsx";
import { useDesk } from "../desk.ts";
import { line } from "../field.ts";

/** Every prompt of the session, to jump to; what its turn cost beside it. */
export function OutlineRail() {
  const { store } = useDesk();
  void store.revision.value;
  return (
    <nav class="rail prompts" id="prompts" popover="auto" aria-label="Prompts">
      <h2>Prompts</h2>
      <Prompts />
    </nav>
  );
}

function Prompts() {
  const { store } = useDesk();
  const prompts = promptsOf(store);
  if (!prompts.length) return <p class="dim">No prompts yet.</p>;
  return (
    <ol>
      {prompts.map(({ seq, text, tokens, costUsd }) => (
        <li key={seq}>
          <a href={`#e-${seq}`}>
            <span>{text || "(no text)"}</span>
            {tokens ? (
              <span class="dim number">{costUsd ? dollars(costUsd) : brief(tokens)}</span>
            ) : null}
          </a>
        </li>
      ))}
    </ol>
  );
}

/** The whole session's, as the server counted them, and those that came since; before it answered, those at hand. */
function promptsOf(store: ReturnType<typeof useDesk>["store"]) {
  const all = store.outline.value?.prompts ?? [];
  const known = new Set(all.map(({ seq }) => seq));
  const more = store.folded.value.turns.flatMap(({ prompt, tokens, costUsd }) =>
    prompt && !known.has(prompt.seq)
      ? [{ seq: prompt.seq, text: line(prompt.text ?? "", 120), tokens, costUsd }]
      : [],
  );
  return more.length ? [...all, ...more].sort((a, b) => a.seq - b.seq) : all;
}
