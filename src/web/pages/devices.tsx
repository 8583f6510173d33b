/** `/app/settings/devices`: what one is signed in on, and an end to each. */
import type { Device } from "../../core/devices.ts";
import { TopBar } from "../parts/bar.tsx";
import { Command } from "../parts/command.tsx";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { document, type Frame } from "./shell.tsx";

export interface DevicesPage extends Frame {
  viewer: string;
  devices: Device[];
  now: number;
  /** The address of this server, as people use it. */
  url: string;
}

export function devicesPage({ viewer, devices, now, url, ...frame }: DevicesPage): string {
  return document({
    ...frame,
    title: "Devices · Polaris",
    script: "page.js",
    body: (
      <>
        <TopBar path={[["devices", "/app/settings/devices"]]} viewer={viewer} />
        <main class="list-page" id="conversation">
          <h1>Devices</h1>
          <p class="dim">
            What you are signed in on. Signing one out ends its access within a second.
          </p>
          <p>
            <a href="/app/settings/tokens">Tokens of scripts and agents</a>
          </p>
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
                  <th scope="row" class="grow">
                    <span>
                      {device.kind === "browser" ? browserName(device.name) : device.name}
                    </span>
                    <span class="dim second">
                      {device.kind}
                      {device.isThis ? " · this one" : ""}
                    </span>
                  </th>
                  <td>{nameOf(device.participant)}</td>
                  <td>
                    <Time at={device.lastUsedAt} now={now} />
                  </td>
                  <td>{device.lastAddress ?? "unknown"}</td>
                  <td>
                    <Time at={device.createdAt} now={now} />
                  </td>
                  <td>
                    <form method="post" action="/app/settings/devices">
                      <input type="hidden" name="id" value={device.id} />
                      <button
                        type="submit"
                        class="button"
                        aria-label={`Sign out ${device.name} of ${nameOf(device.participant)}`}
                      >
                        Sign out
                      </button>
                    </form>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <section class="empty">
            <h2>Another machine</h2>
            <p>Run this there. Add --device where no browser is.</p>
            <Command text={`polaris login --url ${url}`} />
          </section>
          <form method="post" action="/app/settings/devices">
            <input type="hidden" name="act" value="all" />
            <button type="submit" class="button">
              Sign out everywhere
            </button>
          </form>
        </main>
      </>
    ),
  });
}

/** Browsers tell a history of the web; people look for two words of it. */
function browserName(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent);
  if (!browser) return agent.slice(0, 60) || "a browser";
  const name = { Edg: "Edge", OPR: "Opera" }[browser[1] ?? ""] ?? browser[1];
  return `${name} ${browser[2]}${system ? ` on ${system[1]}` : ""}`;
}
