/** @jsxImportSource preact */
import { ago } from "../parts/ago.ts";
import { Icon } from "../parts/icon.tsx";
import type { LiveState } from "./live.ts";

/** Live is honest: what it says is what is, and since when. */
export function LiveMark({ live, now }: { live: LiveState | null; now: number }) {
  const since = live && "since" in live ? ago(new Date(live.since).toISOString(), now) : "";
  const words = !live
    ? ""
    : live.is === "connecting"
      ? "connecting"
      : live.is === "live" || live.is === "resting"
        ? live.is
        : live.is === "reconnecting"
          ? `reconnecting, lost ${since}`
          : `stopped ${since}. ${live.why}`;
  const lost = live?.is === "reconnecting" || live?.is === "stopped";
  return (
    <span class={`live${lost ? " live-lost" : ""}`} role="status" data-live={live?.is ?? ""}>
      {words ? <Icon name={lost ? "offline" : "live"} /> : null}
      {words}
    </span>
  );
}
