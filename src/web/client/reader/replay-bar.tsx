/** @jsxImportSource preact */
import { Icon } from "../../parts/icon.tsx";
import { absolute } from "../../parts/time.tsx";
import { useDesk } from "../desk.ts";

const SPEEDS = [1, 2, 4, 8, 16, 32];

/** Play, pace and place of a replay, at the lower edge of the page. */
export function ReplayBar() {
  const { store, replay: acts } = useDesk();
  const replay = store.replay.value;
  const outline = store.outline.value;
  if (!replay || !outline) return null;
  const { first, last } = outline;
  return (
    <section class="replay" aria-label="Replay">
      <button
        type="button"
        class="button"
        aria-label={replay.isPlaying ? "Pause" : "Play"}
        onClick={acts.toggle}
      >
        <Icon name={replay.isPlaying ? "pause" : "play"} />
      </button>
      <input
        type="range"
        aria-label="Place in the session"
        aria-valuetext={absolute(replay.at)}
        min={first.seq}
        max={last.seq}
        value={replay.seq}
        onChange={(change) => acts.scrub(Number(change.currentTarget.value))}
      />
      <time dateTime={replay.at}>{absolute(replay.at).slice(11, 19)}</time>
      <label>
        <span class="unseen">Speed</span>
        <select
          value={String(replay.speed)}
          onChange={(change) => acts.speed(Number(change.currentTarget.value))}
        >
          {SPEEDS.map((times) => (
            <option key={times} value={String(times)}>
              {times}×
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="quiet" aria-label="End the replay" onClick={acts.close}>
        <Icon name="close" />
      </button>
    </section>
  );
}
