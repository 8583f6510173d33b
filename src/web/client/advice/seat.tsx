/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import { nameOf } from "../../parts/who.tsx";
import { useDesk } from "../desk.ts";
import type { Problem } from "./acts.ts";

/** Who drives, and how that changes: claim, release, hand to somebody, mute advice. */
export function Seat() {
  const { store, advice } = useDesk();
  const session = store.session.value;
  const [problem, setProblem] = useState<Problem>();
  const [to, setTo] = useState("");
  const [people, setPeople] = useState<string[]>([]);
  const [claimed, setClaimed] = useState(false);
  const isMine = session.driver !== null && session.driver === store.viewer;
  const claim = async (force: boolean) => {
    const wrong = await advice.claim(force);
    setClaimed(!wrong);
    return wrong;
  };
  const act = (name: string, does: () => Promise<Problem | undefined>) => (
    <button type="button" class="button small" onClick={async () => setProblem(await does())}>
      {name}
    </button>
  );

  return (
    <section class="seat needs-script" aria-label="Seat">
      <p class="acts">
        {isMine ? act("Release the seat", () => advice.handOff(undefined)) : null}
        {isMine
          ? act(session.muted ? "Take advice again" : "Mute advice", () =>
              advice.mute(!session.muted),
            )
          : null}
        {session.driver === null ? act("Claim the seat", () => claim(false)) : null}
        {session.driver !== null && !isMine ? act("Take the seat", () => claim(false)) : null}
        {problem?.code === "seat_taken" && !isMine
          ? act("Take it as an admin", () => claim(true))
          : null}
      </p>
      {isMine ? (
        <details
          onToggle={async (toggle) => {
            if (toggle.currentTarget.open && people.length === 0) setPeople(await advice.people());
          }}
        >
          <summary>Hand over to…</summary>
          <p class="acts">
            <select
              aria-label="Who"
              value={to}
              onChange={(pick) => setTo(pick.currentTarget.value)}
            >
              <option value="">Choose a person</option>
              {people
                .filter((each) => each !== session.driver)
                .map((each) => (
                  <option value={each} key={each}>
                    {nameOf(each)}
                  </option>
                ))}
            </select>
            {to ? act("Hand over", () => advice.handOff(to)) : null}
          </p>
        </details>
      ) : null}
      {claimed && isMine ? (
        <p>
          In its directory, this goes on with the conversation; without --continue, with a brief:{" "}
          <code>{`polaris join ${session.project} ${session.name} --continue`}</code>
        </p>
      ) : null}
      {session.muted && !isMine ? <p class="dim">Advice is muted.</p> : null}
      {problem ? (
        <p class="field-problem" role="alert">
          {problem.message}
        </p>
      ) : null}
    </section>
  );
}
