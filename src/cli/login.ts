import { hostname } from "node:os";
import { call } from "../machine/api.ts";
import { readable, signIn } from "../machine/credentials.ts";
import { byDevice } from "../machine/login-device.ts";
import { byLoopback } from "../machine/login-loopback.ts";
import { paths } from "../machine/paths.ts";
import { profileFrom } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { type Credentials, Profile, ProfileName } from "../wire/local.ts";
import { Me } from "../wire/me.ts";
import { parse } from "./args.ts";
import { openAddress } from "./open.ts";

export const help = `
Signs this machine in to a server. A running recorder takes the change up at once.

Usage: polaris login [options]

It opens your browser, where you say yes. Without a browser here:

  --device             show a code to be typed into a browser anywhere

Options:
  --url URL            the server (default: $POLARIS_SERVICE_URL, the current profile's, or http://localhost:4321)
  --local              the server on this machine, http://localhost:4321
  --profile NAME       keep it under this name (default: the server's)
  --token TOKEN        use an API token instead; "-" reads it from standard input, where no process list shows it
  --participant WHO    with --token: in whose name prompts are recorded (default: whom the server takes you for)
  --no-open            print the address and do not open a browser
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"url":…,"participant":…,"org":…,"profile":…}

Examples:
  polaris login --url https://polaris.example.com
  polaris login --device --url https://polaris.example.com
  polaris login --url https://polaris.example.com --token - < token.txt
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      url: { type: "string" },
      local: { type: "boolean" },
      device: { type: "boolean" },
      profile: { type: "string" },
      token: { type: "string" },
      participant: { type: "string" },
      "no-open": { type: "boolean" },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const place = paths(values["polaris-home"]);
  const known = readable(place.credentials);
  const url = addressOf(values, known);
  const wanted = values.profile === undefined ? undefined : nameFrom(values.profile);
  // What people read goes to standard error, so that --json leaves one line of JSON.
  const say = (line: string) => console.error(line);
  const profile =
    values.token === undefined
      ? profileFrom(url, await (values.device ? code(url, say) : browser(url, values, say)))
      : await tokenProfile(url, values.token, values.participant);
  const name = wanted ?? freeName(url, profile, known);
  await signIn(place, name, profile);
  const { participant, org = null } = profile;
  console.log(
    values.json
      ? JSON.stringify({ url, participant, org, profile: name })
      : `Signed in to ${url} as ${participant} (profile ${name}).`,
  );
  if (known.current !== null || values.json || values.token !== undefined) return;
  say("Next: polaris install, polaris daemon, and polaris link <project> in a repository.");
}

const machineName = () => hostname().slice(0, 200) || "a machine";

function browser(url: string, { "no-open": quiet }: { "no-open"?: boolean }, say: Say) {
  return byLoopback({
    url,
    machine: machineName(),
    show(address) {
      const opened = !quiet && openAddress(address);
      say(opened ? "Say yes in the browser that opens. If none does, open this:" : "Open this:");
      say(`\n  ${address}\n`);
      if (!opened) say("Is the browser on another machine? Then: polaris login --device");
    },
  });
}

const code = (url: string, say: Say) =>
  byDevice({
    url,
    machine: machineName(),
    show({ page, code }) {
      say(`Open this in a browser, anywhere:\n\n  ${page}\n\nand type the code  ${code}\n`);
      say("Waiting for your yes (ten minutes) …");
    },
  });

type Say = (line: string) => void;

async function tokenProfile(url: string, given: string, who: string | undefined): Promise<Profile> {
  const token = given === "-" ? (await Bun.stdin.text()).trim() : given;
  if (!token)
    throw new PolarisError("usage", "Which token?", { hint: "See polaris login --help." });
  const me = await call({ url, token }, { path: "/me", timeoutMs: 10_000 }, Me);
  const profile = Profile.safeParse({
    url,
    token,
    participant: who ?? me.participant,
    ...(me.org === null ? {} : { org: me.org }),
  });
  if (profile.success) return profile.data;
  throw new PolarisError("usage", `"${who}" is no participant.`, {
    hint: "It looks like user:manu.",
  });
}

interface Where {
  url?: string | undefined;
  local?: boolean | undefined;
}

const LOCAL = "http://localhost:4321";

function addressOf({ url, local }: Where, { current, profiles }: Credentials): string {
  if (local) return LOCAL;
  const signedIn = current === null ? undefined : profiles[current]?.url;
  const address = url ?? (process.env.POLARIS_SERVICE_URL || signedIn || LOCAL);
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) {
    return address.replace(/\/+$/, "");
  }
  throw new PolarisError("usage", `"${address}" is no address.`, {
    hint: "It looks like https://polaris.example.com.",
  });
}

function nameFrom(text: string): string {
  const name = ProfileName.safeParse(text);
  if (name.success) return name.data;
  throw new PolarisError("usage", `"${text}" is no name for a profile.`, {
    hint: "Lower-case letters, digits, dots and dashes.",
  });
}

/** The server's name; with a number behind it when that is another organisation's already. */
function freeName(url: string, profile: Profile, { profiles }: Credentials): string {
  const { hostname: host } = new URL(url);
  const local = /^(localhost|127\.|\[)/.test(host);
  const base = local ? "local" : host.toLowerCase().slice(0, 60);
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    const before = profiles[name];
    if (!before || before.org === undefined || before.org === profile.org) return name;
  }
}
