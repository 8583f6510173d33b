/** @jsxImportSource preact */
import { STATE_WORDS } from "../../parts/state.tsx";
import { brief, count, dollars, Time } from "../../parts/time.tsx";
import { calledOf } from "../../parts/who.tsx";
import { Seat } from "../advice/seat.tsx";
import { useDesk } from "../desk.ts";
import { Commits } from "./commits.tsx";
import { recordOf } from "./title.tsx";

/** What is known of the session beside what was said. */
export function Facts() {
  const { store } = useDesk();
  void store.revision.value;
  const session = store.session.value;
  const outline = store.outline.value;
  const tokens = outline?.tokens ?? store.folded.value.tokens;
  const isPart = !outline && (store.earlier.value || store.later.value);
  const facts: [string, string | null][] = [
    ["State", STATE_WORDS[session.state]],
    ["Record", recordOf(session.completeness)],
    ["Driver", session.driver ? calledOf(session.driver, session.driverFace) : "open seat"],
    ["Agent", calledOf(session.agent, session.agentFace)],
    ["Model", session.model],
    ["Branch", session.branch],
    ["Machine", session.machine],
    ["Directory", session.cwd],
    ["Prompts", count(session.prompts)],
    ["Tool calls", count(session.toolCalls)],
    ["Events", outline ? count(outline.events) : null],
    ["Tokens in", tokens.input ? brief(tokens.input) : null],
    ["Tokens out", tokens.output ? brief(tokens.output) : null],
    ["From cache", tokens.cached ? brief(tokens.cached) : null],
    ["Cost", tokens.costUsd ? dollars(tokens.costUsd) : null],
  ];
  return (
    <aside class="rail facts" id="facts" popover="auto" aria-label="Facts">
      <h2>Facts</h2>
      <dl>
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
        <div>
          <dt>Started</dt>
          <dd>
            <Time at={session.createdAt} now={store.now.value} />
          </dd>
        </div>
        {session.lastEventAt ? (
          <div>
            <dt>Last activity</dt>
            <dd>
              <Time at={session.lastEventAt} now={store.now.value} />
            </dd>
          </div>
        ) : null}
      </dl>
      <Seat />
      <Commits />
      {isPart ? <p class="dim">Tokens count the part shown here.</p> : null}
    </aside>
  );
}
