/** @jsxImportSource preact */
import { TopBar } from "../parts/bar.tsx";
import { Icon } from "../parts/icon.tsx";
import { StateMark } from "../parts/state.tsx";
import { addressOf, projectAddress, titleOf } from "../parts/title.ts";
import { AdviceBox } from "./advice/box.tsx";
import { Still } from "./conversation/still.ts";
import { TurnView } from "./conversation/turn.tsx";
import { type Desk, DeskProvider, useDesk } from "./desk.ts";
import { LiveMark } from "./live-mark.tsx";
import { Facts } from "./reader/facts.tsx";
import { OutlineRail } from "./reader/outline.tsx";
import { ReplayBar } from "./reader/replay-bar.tsx";
import { Title } from "./reader/title.tsx";

/** The session page; drawn by the server first and taken over by the browser. */
export function SessionView({ desk }: { desk: Desk }) {
  return (
    <DeskProvider value={desk}>
      <Bar />
      <div class="session">
        <OutlineRail />
        <main class="conversation" id="conversation">
          <Title />
          <Conversation />
          <AdviceBox />
        </main>
        <Facts />
      </div>
      <ReplayBar />
    </DeskProvider>
  );
}

const KEYS = [
  ["j k", "next, previous turn"],
  ["o", "unfold what is in focus, or the turn"],
  ["f", "follow the end, or stay here"],
  ["i", "advise"],
  ["r", "replay from the beginning"],
] as const;

/** State and line stay in sight however far one reads. */
function Bar() {
  const { store } = useDesk();
  const session = store.session.value;
  return (
    <TopBar
      path={[
        [session.project, projectAddress(session.project)],
        [session.name, addressOf(session)],
      ]}
      viewer={store.viewer}
      here={store.here}
      keys={KEYS}
    >
      <span class="bar-title" aria-hidden="true">
        {titleOf(session)}
      </span>
      <LiveMark live={store.live.value} now={store.now.value} />
      <StateMark state={session.state} />
    </TopBar>
  );
}

function Conversation() {
  const { store, earlier, later } = useDesk();
  void store.revision.value;
  const { turns } = store.folded.value;
  return (
    <>
      {store.earlier.value ? (
        <More act={earlier} icon="up" words="Load earlier" href={`?before=${store.first()}`} />
      ) : null}
      {turns.map((turn) => (
        <Still
          key={turn.key}
          of={turn}
          version={turn.version}
          draw={() => <TurnView turn={{ ...turn }} />}
        />
      ))}
      {turns.length ? null : (
        <p class="empty">
          Nothing here yet. Prompts, answers and tool calls appear as they happen; this page needs
          no reload.
        </p>
      )}
      {store.later.value && !store.replay.value ? (
        <More act={later} icon="down" words="Load later" href={`?after=${store.last()}`} />
      ) : null}
    </>
  );
}

/** The rest of the session, for a press, for who comes near by scrolling, and without scripts. */
function More({
  act,
  icon,
  words,
  href,
}: {
  act: () => Promise<void>;
  icon: "up" | "down";
  words: string;
  href: string;
}) {
  return (
    <p class="earlier">
      <a
        class="button"
        href={href}
        onClick={(click) => {
          click.preventDefault();
          void act();
        }}
      >
        <Icon name={icon} /> {words}
      </a>
    </p>
  );
}
