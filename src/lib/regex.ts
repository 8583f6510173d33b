/**
 * Regular expressions that somebody else wrote, run on everything that comes by. JavaScript's engine backtracks: `(a+)+$`
 * takes years on 40 characters, and nothing can stop it. So what may take more than a straight way is refused when it is
 * read.
 */
const LONGEST_REPEAT = 256;
/** A megabyte may take 50 ms; a trial is 16 kB, and a small machine is slow. */
const TRIAL_CHARS = 16_384;
const TRIAL_MS = 20;

/** Compiles it, or says why not. */
export function compile(source: string): RegExp | string {
  const bounded = bound(source);
  if (bounded.problem !== undefined) return bounded.problem;
  let pattern: RegExp;
  try {
    pattern = new RegExp(bounded.source, "g");
  } catch {
    return "is no regular expression";
  }
  if (pattern.test("")) return "matches nothing at all, so it would match everywhere";
  return isSlow(pattern, source) ? "takes too long on long texts" : pattern;
}

type Bounded = { source: string; problem?: undefined } | { problem: string };

/** No group that repeats may hold a repeat or a choice of its own; `*`, `+` and `{n,}` end at 256. */
function bound(source: string): Bounded {
  let out = "";
  const open: { inner: boolean }[] = [{ inner: false }];
  for (let at = 0; at < source.length; ) {
    const char = source[at] ?? "";
    if (char === "\\") {
      if (/[1-9k]/.test(source[at + 1] ?? "")) return { problem: "refers back to a group" };
      out += source.slice(at, at + 2);
      at += 2;
    } else if (char === "[") {
      const end = /^\[(?:\\[\s\S]|[^\]\\])*\]/.exec(source.slice(at));
      if (!end) return { problem: "is no regular expression" };
      out += end[0];
      at += end[0].length;
    } else if (char === "(") {
      const head = /^\((?:\?(?::|=|!|<=|<!|<\w+>))?/.exec(source.slice(at))?.[0] ?? "(";
      open.push({ inner: false });
      out += head;
      at += head.length;
    } else if (char === ")") {
      const group = open.pop();
      const repeat = repeatAt(source, at + 1);
      const up = open.at(-1);
      if (!group || !up) return { problem: "is no regular expression" };
      if (group.inner && repeat && repeat.max > 1)
        return { problem: "repeats a group that holds a repeat or a choice" };
      up.inner ||= group.inner;
      out += ")";
      at += 1;
    } else {
      const repeat = repeatAt(source, at);
      const group = open.at(-1);
      if (repeat && group) {
        group.inner ||= repeat.max > 1;
        out += repeat.text;
        at += repeat.length;
      } else {
        if (char === "|" && group && open.length > 1) group.inner = true;
        out += char;
        at += 1;
      }
    }
  }
  return { source: out };
}

function repeatAt(source: string, at: number) {
  const match = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/.exec(source.slice(at, at + 24));
  if (!match) return undefined;
  const [whole, sign, low = "0", comma, high, lazy = ""] = match;
  if (sign === "?") return { text: whole, length: whole.length, max: 1 };
  if (sign) {
    const least = sign === "+" ? 1 : 0;
    return {
      text: `{${least},${LONGEST_REPEAT}}${lazy}`,
      length: whole.length,
      max: LONGEST_REPEAT,
    };
  }
  const least = Number(low);
  const most = comma === undefined ? least : high ? Number(high) : Math.max(least, LONGEST_REPEAT);
  return { text: `{${least},${most}}${lazy}`, length: whole.length, max: most };
}

/** Two repeats that meet on the same characters are still square: tried on what the pattern itself is made of. */
function isSlow(pattern: RegExp, source: string): boolean {
  const plain = source.replaceAll(/\\[wdsWDSbB]|[()[\]{}*+?|^$\\.]/g, "");
  const pumps = [
    "a",
    "0",
    "A",
    " ",
    "-",
    "_",
    "/",
    "a0",
    "aA0-",
    ".",
    "=",
    plain,
    `${plain}a`,
    plain.slice(0, 4),
  ];
  for (const pump of pumps) {
    if (pump === "") continue;
    for (let length = 32; length <= TRIAL_CHARS; length *= 2) {
      const text = `${pump.repeat(Math.ceil(length / pump.length)).slice(0, length)}\u0001`;
      const trial = () => {
        for (const _ of text.matchAll(pattern));
      };
      // Once more, because the first may have paid for something else: a collection, a compilation.
      if (cost(trial) > TRIAL_MS && cost(trial) > TRIAL_MS) return true;
    }
  }
  return false;
}

/** What the work itself took, in ms: on a busy machine most of the time that passes is others'. */
function cost(work: () => void): number {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  work();
  const { user, system } = process.cpuUsage(cpu);
  return Math.min((user + system) / 1000, performance.now() - begun);
}
