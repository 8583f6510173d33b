import { changeCredentials, readCredentials } from "../machine/credentials.ts";
import { paths } from "../machine/paths.ts";
import { revoke } from "../machine/revoke.ts";
import { PolarisError } from "../wire/error.ts";
import type { Profile } from "../wire/local.ts";
import { parse } from "./args.ts";

export const help = `
Signs this machine out: here, and on the server when it can be reached. What was recorded and not yet sent waits for
the next sign-in to the same organisation.

Usage: polaris logout [PROFILE] [options]

Options:
  --all                every profile
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print [{"profile":…,"revoked":…}]

Examples:
  polaris logout
  polaris logout work
  polaris logout --all
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      all: { type: "boolean" },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const place = paths(values["polaris-home"]);
  const { current, profiles } = readCredentials(place.credentials);
  const wanted = values.all ? Object.keys(profiles) : [positionals[0] ?? current];
  const gone: { profile: string; revoked: boolean }[] = [];
  for (const name of wanted) {
    if (!name) throw new PolarisError("not_signed_in", "Nobody is signed in.");
    if (!profiles[name]) {
      throw new PolarisError("usage", `There is no profile "${name}".`, {
        hint: "polaris profiles lists them.",
      });
    }
    // Taken out first: a renewal under way must not put it back, and its newest token is the one to revoke.
    let last: Profile | undefined;
    await changeCredentials(place, (before) => {
      const { [name]: taken, ...rest } = before.profiles;
      last = taken;
      const next = before.current === name ? (Object.keys(rest)[0] ?? null) : before.current;
      return { current: next, profiles: rest };
    });
    gone.push({ profile: name, revoked: last ? await revoke(last) : false });
  }
  if (values.json) return void console.log(JSON.stringify(gone));
  if (gone.length === 0) console.log("Nobody is signed in.");
  for (const { profile, revoked } of gone) {
    const here = profiles[profile]?.token
      ? " The API token itself goes on; revoke it in the dashboard."
      : "";
    console.log(
      `Signed out of ${profile}.${revoked ? "" : here || " The server could not be told; sign the device out in the dashboard."}`,
    );
  }
}
