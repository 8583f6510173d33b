import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { parse } from "./args.ts";
import { goesOn, Seated } from "./handoff.ts";
import { personOf, seatOf } from "./seat.ts";

export const help = `
Takes the driver's seat of a session, when it is open.

Usage: polaris claim <project>/<session> [options]

Options:
  --for WHO            as an admin, for somebody else
  --force              as an admin, from whoever drives; the audit keeps it
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the session

Examples:
  polaris claim website/checkout-bug
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      for: { type: "string" },
      force: { type: "boolean", default: false },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const seat = seatOf(positionals[0]);
  const server = await currentServer(paths(values["polaris-home"]));
  const driver = values.for === undefined ? {} : { driver: personOf(values.for) };
  const body = JSON.stringify({ ...driver, force: values.force });
  const request = { method: "POST", path: `${seat.path}/driver`, body } as const;
  const session = await call(server, request, Seated);
  if (values.json) return void console.log(JSON.stringify(session));
  console.log(`${session.driver} drives ${seat.project}/${seat.session}.`);
  if (values.for === undefined) console.log(`\n${goesOn(seat, "To go on with it")}`);
}
