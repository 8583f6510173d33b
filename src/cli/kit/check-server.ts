import { readCredentials } from "../../machine/credentials.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Credentials } from "../../wire/local.ts";
import { type Finding, ok, type Scene, wrong } from "./finding.ts";

const LIMIT_MS = 5000;
/** Date headers count whole seconds, and an answer takes a while. */
const SKEW_MS = 30_000;

const LOGIN = "polaris login";

/** Signed in, each server answers, takes us for who we are, and its clock is ours. */
export async function checkServer({ place, status }: Scene): Promise<Finding[]> {
  let credentials: Credentials;
  try {
    credentials = readCredentials(place.credentials);
  } catch (error) {
    if (!(error instanceof PolarisError)) throw error;
    return [wrong("login", error.message, LOGIN)];
  }
  const profiles = Object.entries(credentials.profiles);
  if (profiles.length === 0) return [wrong("login", "nobody is signed in on this machine", LOGIN)];
  const logins = profiles.map(([name, { url, participant, signedOut }]) => {
    // The recorder has tried the sign-in itself.
    const tried = status?.profiles.find((one) => one.name === name && one.url === url);
    const refused = signedOut ?? (tried?.state === "signed_out" ? (tried.error ?? "") : undefined);
    if (refused === undefined) return ok("login", `${name}: ${participant} at ${url}`);
    const says = `${name}: ${url} does not take ${participant}'s sign-in any more (${refused})`;
    return wrong("login", says, `${LOGIN} --url ${url}`);
  });
  const urls = [...new Set(profiles.map(([, { url }]) => url))];
  return [...logins, ...(await Promise.all(urls.map(reach))).flat()];
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
