import { call } from "../machine/api.ts";
import { writeCredentials } from "../machine/credentials.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { Credentials } from "../wire/local.ts";
import { Me } from "../wire/me.ts";
import { parse } from "./args.ts";

export const help = `
Signs this machine in to a server. A running recorder takes the change up at once.

Usage: polaris login --url URL --token TOKEN [options]

Options:
  --url URL            the server (default: $POLARIS_SERVICE_URL or http://localhost:4321)
  --token TOKEN        a token of that server
  --participant WHO    in whose name prompts are recorded (default: whom the server takes you for)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"url":…,"participant":…,"org":…}

Examples:
  polaris login --url https://polaris.example.com --token pol_…
  polaris login --token pol_… --participant user:manu
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      url: { type: "string", default: process.env.POLARIS_SERVICE_URL || "http://localhost:4321" },
      token: { type: "string" },
      participant: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const { url, token } = values;
  if (!token)
    throw new PolarisError("usage", "Which token?", { hint: "See polaris login --help." });
  if (!URL.canParse(url)) throw new PolarisError("usage", `"${url}" is no address.`);
  const me = await call({ url, token }, { path: "/me", timeoutMs: 10_000 }, Me);
  const credentials = Credentials.safeParse({
    url,
    token,
    participant: values.participant ?? me.participant,
  });
  if (!credentials.success) {
    throw new PolarisError("usage", `"${values.participant}" is no participant.`, {
      hint: "It looks like user:manu.",
    });
  }
  writeCredentials(paths(values["polaris-home"]).credentials, credentials.data);
  const { participant } = credentials.data;
  console.log(
    values.json
      ? JSON.stringify({ url, participant, org: me.org })
      : `Signed in to ${url} as ${participant}.`,
  );
}
