/** @jsxImportSource preact */
/** `/app/settings/devices`: what one is signed in on, and an end to each. */
import type { Device } from "../../core/devices.ts";
import { Command } from "../parts/command.tsx";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface DevicesPage extends SettingsPage {
  devices: Device[];
  now: number;
  /** The address of this server, as people use it. */
  url: string;
}

export function devicesPage(page: DevicesPage): string {
  const { devices, url, now } = page;
  const children = (
    <>
      <p class="dim">
        The browsers and machines that are signed in. Signing one out ends its access within a
        second; what a machine has not sent yet stays on it.
      </p>
      <Rows devices={devices} now={now} />
      <section>
        <h2>Another machine</h2>
        <p class="dim">
          Run this on it. With --device it shows a code instead of opening a browser.
        </p>
        <Command text={`polaris login --url ${url}`} />
        <p>
          <a href="/auth/device">Type the code that a machine shows</a>
        </p>
      </section>
      <section>
        <h2>Sign out everywhere</h2>
        <p class="dim">
          Ends all your browsers and machines, this one too, in every organisation. Tokens stay.
        </p>
        <form method="post" action="/auth/signout/everywhere">
          <button type="submit" class="button">
            Sign out everywhere
          </button>
        </form>
      </section>
    </>
  );
  return settingsPage(page, { tab: "Devices", heading: "Devices", children });
}

function Rows({ devices, now }: { devices: Device[]; now: number }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">Whose</th>
          <th scope="col">Last used</th>
          <th scope="col">From</th>
          <th scope="col">Signed in</th>
          <th scope="col">Act</th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <tr key={device.id}>
            <th scope="row">
              <div>{device.kind === "browser" ? browserName(device.name) : device.name}</div>
              <div class="dim second">{device.kind}</div>
            </th>
            <td>{nameOf(device.participant)}</td>
            <td>
              <Time at={device.lastUsedAt} now={now} />
            </td>
            <td>{device.lastAddress ?? "unknown"}</td>
            <td>
              <Time at={device.createdAt} now={now} />
            </td>
            <td>{device.isThis ? <span class="tag">this browser</span> : <End {...device} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function End({ id, name, participant }: Device) {
  return (
    <form method="post" action="/app/settings/devices">
      <input type="hidden" name="id" value={id} />
      <button
        type="submit"
        class="button"
        aria-label={`Sign out ${name} of ${nameOf(participant)}`}
      >
        Sign out
      </button>
    </form>
  );
}

/** Browsers tell a history of the web; people look for two words of it. */
function browserName(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent);
  if (!browser) return agent.slice(0, 60) || "a browser";
  const name = { Edg: "Edge", OPR: "Opera" }[browser[1] ?? ""] ?? browser[1];
  return `${name} ${browser[2]}${system ? ` on ${system[1]}` : ""}`;
}
