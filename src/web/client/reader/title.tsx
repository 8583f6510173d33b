/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { Completeness } from "../../../wire/check.ts";
import { Icon } from "../../parts/icon.tsx";
import { count } from "../../parts/time.tsx";
import { addressOf, titleOf } from "../../parts/title.ts";
import { Who } from "../../parts/who.tsx";
import { useDesk } from "../desk.ts";

/** What the session is called, who drives whom, where, and whether all of it is here. */
export function Title() {
  const { store, replay } = useDesk();
  const session = store.session.value;
  return (
    <header class="title">
      <Name />
      <p class="title-line">
        <span>
          {session.driver ? <Who who={session.driver} face={session.driverFace} /> : "open seat"} →{" "}
          <Who who={session.agent} face={session.agentFace} />
        </span>
        {session.branch ? (
          <span class="branch">
            <Icon name="branch" label="branch" /> {session.branch}
          </span>
        ) : null}
        <Mark completeness={session.completeness} />
        <a href={`${addressOf(session)}/share`}>Share, export</a>
        <button type="button" class="quiet-button needs-script" onClick={replay.open}>
          <Icon name="replay" /> Replay
        </button>
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

/** The heading; a press makes it a field. The new name shows at once and goes back when the server says no. */
function Name() {
  const { store, rename } = useDesk();
  const [editing, setEditing] = useState(false);
  const session = store.session.value;
  if (!editing) {
    return (
      <h1>
        {titleOf(session)}{" "}
        <button
          type="button"
          class="quiet needs-script"
          aria-label="Rename this session"
          onClick={() => setEditing(true)}
        >
          <Icon name="rename" />
        </button>
      </h1>
    );
  }
  return (
    <form
      class="rename"
      onSubmit={(submit) => {
        submit.preventDefault();
        const value = new FormData(submit.currentTarget).get("label");
        setEditing(false);
        void rename(typeof value === "string" ? value : "");
      }}
      onKeyDown={(press) => {
        if (press.key === "Escape") setEditing(false);
      }}
    >
      <h1 class="unseen">{titleOf(session)}</h1>
      <input
        name="label"
        aria-label="Name of this session"
        maxLength={200}
        value={session.label ?? ""}
        placeholder={titleOf({ ...session, label: null })}
        ref={(field) => field?.focus()}
      />
      <button type="submit" class="button button-main">
        Save
      </button>
      <button type="button" class="button" onClick={() => setEditing(false)}>
        Cancel
      </button>
    </form>
  );
}

/** Whether all is here that was recorded on the machine. */
export function recordOf(completeness: Completeness | undefined): string | null {
  if (!completeness || completeness.state === "open") return null;
  if (completeness.state === "complete") return "complete";
  const { missing } = completeness;
  const lost = missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const places = missing.slice(0, 3).map(([from, to]) => (from === to ? from : `${from}–${to}`));
  return `${count(lost)} missing: ${places.join(", ")}${missing.length > 3 ? " …" : ""}`;
}

function Mark({ completeness }: { completeness: Completeness | undefined }) {
  const words = recordOf(completeness);
  if (!words) return null;
  const whole = completeness?.state === "complete";
  return (
    <span class={whole ? "record" : "record record-lost"}>
      <Icon name={whole ? "check" : "warning"} /> {whole ? "complete record" : words}
    </span>
  );
}
