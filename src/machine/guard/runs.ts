import { isRandom } from "./random.ts";
import type { Span } from "./span.ts";

/** A stretch of the characters that base64, base62 and identifiers are made of. */
interface Run {
  from: number;
  to: number;
}

const SHORTEST = 20;
/** Shorter than a line of a certificate or an image (64, 76), longer than nearly every name. */
const ENTROPY_MIN = 24;
const ENTROPY_MAX = 60;

const RUN = new Uint8Array(65_536);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-") {
  RUN[char.charCodeAt(0)] = 1;
}

/** Ids that agents' and payment interfaces give things: they are everywhere in a transcript and open nothing. */
const IDS =
  /^(?:toolu|srvtoolu|msg|req|call|resp|rs|fc|ws|item|run|thread|step|asst|file|org|user|team|proj|project|session|sess|batch|msgbatch|evt|cus|pi|ch|in|sub|si|price|prod|seti|pm|txn|cs|acct|chatcmpl|cmpl|gen|agent|container|snapshot|trace|span|page|chunk|index|sha[0-9]{1,3})[_-]/;

/**
 * All runs of 20 and more, by looking at every 20th character first: 1,100 MB/s, where a pattern takes 190.
 */
export function* runs(text: string, shortest = SHORTEST): Generator<Run> {
  const { length } = text;
  for (let probe = shortest - 1; probe < length; ) {
    if (RUN[text.charCodeAt(probe)] === 0) {
      probe += shortest;
      continue;
    }
    let from = probe;
    while (from > 0 && probe - from < shortest && RUN[text.charCodeAt(from - 1)] === 1) from--;
    let to = probe + 1;
    while (to < length && RUN[text.charCodeAt(to)] === 1) to++;
    if (to - from >= shortest) {
      while (from > 0 && RUN[text.charCodeAt(from - 1)] === 1) from--;
      // In JSON inside a string a line end is the two characters \n, and its n belongs to no word.
      if (text[from - 1] === "\\" && /[nrtbf]/.test(text[from] ?? "")) from++;
      while (to < length && text[to] === "=" && text[to - 2] !== "=") to++;
      yield { from, to };
    }
    probe = to + shortest;
  }
}

export interface Finders {
  /** What is a secret by its entropy alone counts too. */
  entropy: boolean;
  /** Whether a text that stood here in base64 holds a secret: its kind. */
  inside: (decoded: string) => string | undefined;
}

export function findRuns(text: string, { entropy, inside }: Finders): Span[] {
  const spans: Span[] = [];
  for (const { from, to } of runs(text)) {
    const wrapped = decode(text, from, to);
    const kind = wrapped === undefined ? undefined : inside(wrapped);
    if (kind !== undefined) spans.push({ kind, from, to });
    else if (entropy && isDrawn(text, from, to)) spans.push({ kind: "entropy", from, to });
  }
  return spans;
}

/** What stands here in base64, when it is text: an image or a hash is none from its first bytes on. */
function decode(text: string, from: number, to: number): string | undefined {
  const head = Buffer.from(text.slice(from, Math.min(to, from + 24)), "base64");
  if (head.length < 12 || !isText(head)) return undefined;
  const whole = Buffer.from(text.slice(from, to), "base64");
  return isText(whole.subarray(0, -2)) ? whole.toString("latin1") : undefined;
}

/** Words in some language: no control characters, few letters beyond ASCII. */
function isText(bytes: Uint8Array): boolean {
  let beyond = 0;
  for (const byte of bytes) {
    if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 127) return false;
    if (byte > 127) beyond++;
  }
  return beyond * 4 < bytes.length;
}

function isDrawn(text: string, from: number, to: number): boolean {
  const length = to - from;
  if (length < ENTROPY_MIN || length > ENTROPY_MAX) return false;
  // Part of a path, an address, a longer name, a digest.
  if (/[/.@#\\%~]/.test(text[from - 1] ?? " ") || /[/.(@%]/.test(text[to] ?? " ")) return false;
  const before = text.slice(Math.max(0, from - 16), from);
  if (
    /(?:sha-?[0-9]{1,3}|h1|md5|integrity|nonce|etag|digest|checksum|hash|fingerprint|base64)["']?\s?[:=,-]\s?["']?(?:W\/)?["']?$/i.test(
      before,
    )
  )
    return false;
  if (endsBlock(text, from)) return false;
  const word = text.slice(from, to);
  if (IDS.test(word)) return false;
  // 40 characters with a slash are what an AWS secret looks like; any other slash makes a path.
  if (/[/+]/.test(word) && length !== 40) return false;
  if (word.includes("/") && word.split("/").every((part) => !isRandom(part) && part.length > 2)) {
    return isRandom(word) && !/[a-z]{5}/.test(word);
  }
  return isRandom(word);
}

/** The last, shorter line of a block of base64 (a certificate, an image). */
function endsBlock(text: string, from: number): boolean {
  const line = /(?:\r?\n|\\r\\n|\\n)\s{0,16}$/.exec(text.slice(Math.max(0, from - 20), from));
  if (!line) return false;
  const end = from - line[0].length;
  for (let at = end - 40; at < end; at++) {
    if (at < 0 || RUN[text.charCodeAt(at)] !== 1) return false;
  }
  return true;
}
