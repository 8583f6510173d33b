import { readCredentials } from "../../machine/credentials.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Credentials, Status } from "../../wire/local.ts";
import { type Finding, note, ok, type Scene, wrong } from "./finding.ts";

const LIMIT_MS = 5000;
/** Date headers count whole seconds, and an answer takes a while. */
const SKEW_MS = 30_000;

const LOGIN = "polaris login";

/** Signed in, the servers answer, they take us for who we are, and their clocks are ours. */
export async function checkServer({ place, status }: Scene): Promise<Finding[]> {
  let credentials: Credentials;
  try {
    credentials = readCredentials(place.credentials);
  } catch (error) {
    if (!(error instanceof PolarisError)) throw error;
    return [wrong("login", error.message, error.hint || LOGIN)];
  }
  const addresses = new Set(Object.values(credentials.profiles).map(({ url }) => url));
  const answers = await Promise.all([...addresses].map(reach));
  return [...logins(credentials, status), ...answers.flat(), ...waiting(status)];
}

/** Every sign-in: what was begun under one that is not current still goes there. */
function logins({ current, profiles }: Credentials, status: Status | undefined): Finding[] {
  const names = Object.keys(profiles);
  if (names.length === 0) return [wrong("login", "nobody is signed in on this machine", LOGIN)];
  const found: Finding[] = [];
  if (current === null || !profiles[current]) {
    const fix = `polaris use ${names[0]}`;
    found.push(wrong("login", "no sign-in is chosen for what begins from now on", fix));
  }
  for (const [name, { url, participant, signedOut }] of Object.entries(profiles)) {
    // The recorder has tried the sign-in itself.
    const tried = status?.profiles.find((one) => one.name === name && one.url === url);
    const why = signedOut ?? (tried?.state === "signed_out" ? (tried.error ?? "") : undefined);
    const fix = `${LOGIN} --url ${url} --profile ${name}`;
    if (why === undefined) found.push(ok("login", `${participant} at ${url} (${name})`));
    else found.push(wrong("login", `${url} does not take ${participant}'s sign-in: ${why}`, fix));
  }
  return found;
}

/** What cannot go where it belongs though somebody is signed in. */
function waiting(status: Status | undefined): Finding[] {
  if (!status) return [];
  const found: Finding[] = [];
  if (status.elsewhere > 0) {
    const says = `${status.elsewhere} events wait for a sign-in to the organisation they belong to`;
    found.push(note("backlog", says, LOGIN));
  }
  for (const { name, state, error } of status.profiles) {
    if (state === "connected" && error) found.push(note("backlog", `${name}: ${error}`));
  }
  return found;
}

async function reach(url: string): Promise<Finding[]> {
  const address = `${url.replace(/\/+$/, "")}/healthz`;
  try {
    const before = Date.now();
    const response = await fetch(address, {
      redirect: "manual",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await response.text();
    const after = Date.now();
    if (response.status >= 300) {
      const says = `${url} answers ${response.status}, not like a Polaris server`;
      return [wrong("server", says, "is the address right? a sign-in page may stand between")];
    }
    return [ok("server", `${url} answers`), clock(response.headers.get("date"), before, after)];
  } catch {
    const fix = "is the server running, and is there a network?";
    return [wrong("server", `${url} does not answer`, fix)];
  }
}

/** Off by as much as the header and the way there cannot explain. */
function clock(date: string | null, before: number, after: number): Finding {
  const theirs = Date.parse(date ?? "");
  if (!Number.isFinite(theirs)) return ok("clock", "the server tells no time");
  const off = theirs < before ? before - theirs : theirs > after ? theirs - after : 0;
  if (off <= SKEW_MS) return ok("clock", "agrees with the server's");
  const [amount, unit] = off < 7_200_000 ? [off / 60_000, "minutes"] : [off / 3_600_000, "hours"];
  const way = theirs > after ? "behind" : "ahead of";
  const says = `${amount.toFixed(0)} ${unit} ${way} the server's`;
  return wrong("clock", says, "set this computer's clock: timedatectl set-ntp true");
}
