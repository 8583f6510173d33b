import { readCredentials } from "../machine/credentials.ts";
import { paths } from "../machine/paths.ts";
import { parse } from "./args.ts";

export const help = `
Lists this machine's sign-ins. The one with the star is used for what begins from now on.

Usage: polaris profiles [--json] [--polaris-home DIR]

Examples:
  polaris profiles
  polaris use work
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: { "polaris-home": { type: "string" }, json: { type: "boolean" } },
  });
  const { current, profiles } = readCredentials(paths(values["polaris-home"]).credentials);
  const rows = Object.entries(profiles).map(([name, profile]) => ({
    name,
    url: profile.url,
    participant: profile.participant,
    org: profile.org ?? null,
    current: name === current,
    signedOut: profile.signedOut ?? null,
  }));
  if (values.json) return void console.log(JSON.stringify(rows));
  if (rows.length === 0) console.log("Nobody is signed in. polaris login");
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  for (const { name, url, participant, current, signedOut } of rows) {
    const end = signedOut ? `  signed out: ${signedOut}` : "";
    console.log(`${current ? "*" : " "} ${name.padEnd(width)}  ${participant} at ${url}${end}`);
  }
}
