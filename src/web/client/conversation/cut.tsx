/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { StoredEvent } from "../../../wire/event.ts";
import { useDesk } from "../desk.ts";
import { Output } from "../output.tsx";

/** Shown under what the server shortened. */
export function ShowAll({ event }: { event: StoredEvent | undefined }) {
  const { whole } = useDesk();
  const [state, say] = useState<"" | "busy" | "failed">("");
  if (!event?.cut) return null;
  const fetchAll = () => {
    say("busy");
    whole(event.seq).catch(() => say("failed"));
  };
  return (
    <p class="cut">
      Shortened for this page.{" "}
      <button type="button" class="link" onClick={fetchAll} disabled={state === "busy"}>
        {state === "busy" ? "Loading…" : "Show all"}
      </button>
      {state === "failed" ? " The server did not answer; try again." : null}
    </p>
  );
}

/** Text of any length: the first `most` lines, the rest on demand. */
export function Lines({ text, most = 200 }: { text: string; most?: number }) {
  const [open, setOpen] = useState(false);
  const lines = text.split("\n");
  if (open || lines.length <= most) return <Output text={text} />;
  return (
    <>
      <Output text={lines.slice(0, most).join("\n")} />
      {"\n"}
      <button type="button" class="link" onClick={() => setOpen(true)}>
        Show {lines.length - most} more lines
      </button>
    </>
  );
}
