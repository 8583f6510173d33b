/** @jsxImportSource preact */
/** `/app/settings/agents`: the organisation's named agents, with the face they have in Slack and here. */
import { Fragment } from "preact";
import type { Agent } from "../../wire/agent.ts";
import { nameOf, Picture } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface AgentsPage extends SettingsPage {
  agents: Agent[];
  mayChange: boolean;
}

export function agentsPage(page: AgentsPage): string {
  const { agents, mayChange } = page;
  const children = (
    <>
      <p class="dim">
        Agents with a name of their own: in Slack and here they speak as themselves, and{" "}
        <code>@name</code> reaches them. A token that speaks as <code>agent:name</code> reads what
        they are told at <code>/agents/inbox</code>.
      </p>
      {agents.length > 0 ? <Rows agents={agents} mayChange={mayChange} /> : null}
      {mayChange ? <NewAgent /> : null}
    </>
  );
  return settingsPage(page, { tab: "Agents", heading: "Agents", children });
}

function Rows({ agents, mayChange }: { agents: Agent[]; mayChange: boolean }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">About</th>
          <th scope="col">Skills</th>
          <th scope="col">Tags</th>
          {mayChange ? <th scope="col">Act</th> : null}
        </tr>
      </thead>
      <tbody>
        {agents.map((agent) => (
          <tr key={agent.name}>
            <th scope="row">
              <div>
                <span aria-hidden="true">
                  <Picture icon={agent.icon} />
                </span>{" "}
                {agent.display}
              </div>
              <div class="dim second">{agent.participant}</div>
            </th>
            <td>
              <div>{agent.description}</div>
              <div class="dim second">made by {nameOf(agent.createdBy)}</div>
            </td>
            <td>{agent.skills.join(", ")}</td>
            <td>{agent.tags.join(", ")}</td>
            {mayChange ? (
              <td>
                <Change agent={agent} />
                <form method="post" action="/app/settings/agents">
                  <input type="hidden" name="act" value="remove" />
                  <input type="hidden" name="name" value={agent.name} />
                  <button type="submit" class="button" aria-label={`Remove ${agent.display}`}>
                    Remove
                  </button>
                </form>
              </td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What may change of an agent; its name stays its own for ever. */
function Change({ agent }: { agent: Agent }) {
  const fields = [
    ["display", "It is called", agent.display, 80],
    ["icon", "Icon", agent.icon, 500],
    ["description", "What it does", agent.description, 1000],
    ["skills", "Skills", agent.skills.join(", "), 1000],
    ["tags", "Tags", agent.tags.join(", "), 1000],
  ] as const;
  return (
    <details>
      <summary>Change</summary>
      <form method="post" action="/app/settings/agents" class="settings-form">
        <input type="hidden" name="act" value="change" />
        <input type="hidden" name="name" value={agent.name} />
        {fields.map(([name, label, value, most]) => (
          <Fragment key={name}>
            <label for={`${agent.name}-${name}`}>{label}</label>
            <input
              id={`${agent.name}-${name}`}
              name={name}
              value={value}
              maxLength={most}
              required={name === "display"}
            />
          </Fragment>
        ))}
        <button type="submit" class="button wide" aria-label={`Keep ${agent.name}`}>
          Keep
        </button>
      </form>
    </details>
  );
}

function NewAgent() {
  return (
    <form method="post" action="/app/settings/agents" class="settings-form">
      <h2>New agent</h2>
      <input type="hidden" name="act" value="create" />
      <label for="name">Name, as in agent:name</label>
      <input
        id="name"
        name="name"
        required
        maxLength={64}
        pattern="[a-z0-9][a-z0-9_\-]*"
        placeholder="dean"
      />
      <label for="display">It is called</label>
      <input id="display" name="display" maxLength={80} placeholder="Dean" />
      <label for="icon">Icon: an emoji, Slack's :name:, or the https address of a picture</label>
      <input id="icon" name="icon" maxLength={500} placeholder=":owl:" />
      <label for="description">What it does</label>
      <input
        id="description"
        name="description"
        maxLength={1000}
        placeholder="reviews migrations"
      />
      <label for="skills">Skills, with commas between</label>
      <input id="skills" name="skills" maxLength={1000} placeholder="sql, review" />
      <label for="tags">Tags, with commas between: it is at home in projects that have one</label>
      <input id="tags" name="tags" maxLength={1000} placeholder="backend" />
      <button type="submit" class="button button-main wide">
        Make the agent
      </button>
    </form>
  );
}
