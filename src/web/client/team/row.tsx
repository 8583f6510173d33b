/** @jsxImportSource preact */
import { Component } from "preact";
import type { Session } from "../../../wire/session.ts";
import { ago } from "../../parts/ago.ts";
import { Icon } from "../../parts/icon.tsx";
import { StateMark } from "../../parts/state.tsx";
import { absolute, count, duration } from "../../parts/time.tsx";
import { addressOf, titleOf } from "../../parts/title.ts";
import { Who } from "../../parts/who.tsx";
import { useTeam } from "./desk.ts";

interface Props {
  session: Session;
  /** Whether to say in which project. */
  placed: boolean;
}

/**
 * One session in one line. Drawn again only when its own session is another object: of 500 rows one event touches one.
 */
export class Row extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return next.session !== this.props.session;
  }

  override render({ session, placed }: Props) {
    const title = titleOf(session);
    const asks = session.state === "needs_human" ? session.asks : null;
    const more = [placed ? session.project : "", session.name].filter(Boolean).join(" / ");
    const prompt = session.lastPrompt && session.lastPrompt !== title ? session.lastPrompt : "";
    return (
      <li class={`lineup-row${session.state === "needs_human" ? " lineup-asks" : ""}`}>
        <StateMark state={session.state} />
        <div class="lineup-what">
          <a class="row-link" href={addressOf(session)}>
            {title}
          </a>
          {asks ? <span class="asks">{asks}</span> : null}
          <span class="second dim">
            <span class="place">{more}</span>
            {session.branch ? (
              <span class="branch">
                <Icon name="branch" label="branch" /> {session.branch}
              </span>
            ) : null}
            {prompt && !asks ? <span class="last">“{prompt.slice(0, 160)}”</span> : null}
          </span>
        </div>
        <span class="lineup-who">
          {session.driver ? <Who who={session.driver} face={session.driverFace} /> : "open seat"}{" "}
          <span class="dim">
            → <Who who={session.agent} face={session.agentFace} />
          </span>
        </span>
        <span class="lineup-count dim">
          {count(session.prompts)} {session.prompts === 1 ? "prompt" : "prompts"}
        </span>
        <Since session={session} />
      </li>
    );
  }
}

/** How long it waits or works; else when something last happened. It alone is redrawn as time goes by. */
function Since({ session }: { session: Session }) {
  const now = useTeam().now.value;
  const lasting = session.state === "needs_human" || session.state === "working";
  const at = (lasting ? session.stateAt : null) ?? session.lastEventAt ?? session.createdAt;
  const passed = Math.max(0, now - Date.parse(at));
  return (
    <time class="lineup-time" dateTime={at} title={absolute(at)}>
      {lasting
        ? passed < 60_000
          ? "just now"
          : duration(passed - (passed % 60_000))
        : ago(at, now)}
    </time>
  );
}
