/**
 * Text as words that can be found, code included: `src/core/getUserName.ts` is src, core, get, user, name, ts one after
 * the other, so that each is found and the whole is a phrase of them. Joined spellings (`getusername`, `username`) stand
 * at the place where they begin. Letters lose case and accents. Scripts that are written without spaces (Han, Kana,
 * Thai …) count every character as a word: what one searches for is then a phrase.
 */
export interface Word {
  term: string;
  /** Its place among the words, from 1; joined spellings share the place of their first part. */
  at: number;
  /** Where it stands in the text. */
  from: number;
  to: number;
  /** One spelling of so many parts; the parts are words as well. */
  joined?: number;
}

/** Letters and digits in a row, `_` inside included; a terminal's colours (ESC[31m) are no words. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how an escape sequence begins
const RUN = /\x1b\[[0-9;?]*[ -/]*[@-~]|[\p{L}\p{N}\p{M}]+(?:_+[\p{L}\p{N}\p{M}]+)*/gu;
/** get|User|Name, HTTP|Server, user|_|name; digits stay with their letters: sha256, utf8, 4f3a. */
const PART = /\p{Lu}+(?![\p{Ll}\p{M}])\p{N}*|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+|\p{Lu}+|[^_]/gu;
const HUMPS = /_|[\p{Ll}\p{N}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}/u;
const DENSE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const ASCII = /^[\0-\x7f]*$/;

/** Longer ones are data (base64, minified code); their beginning is enough to find them. */
const LONGEST = 64;
/** An identifier of more parts is joined from the last eight on. */
const JOINED = 8;

export function* wordsOf(text: string): Generator<Word> {
  let at = 0;
  for (const run of text.matchAll(RUN)) {
    const [whole] = run;
    if (whole.startsWith("\x1b")) continue;
    const parts = partsOf(whole, run.index);
    for (const [index, part] of parts.entries()) {
      at++;
      yield { ...part, at };
      const last = parts.at(-1);
      const rest = parts.length - index;
      if (rest < 2 || rest > JOINED || !last || DENSE.test(whole)) continue;
      const term = parts
        .slice(index)
        .map(({ term }) => term)
        .join("")
        .slice(0, LONGEST);
      yield { term, at, from: part.from, to: last.to, joined: rest };
    }
  }
}

function partsOf(run: string, start: number): Omit<Word, "at">[] {
  if (DENSE.test(run)) {
    return [...run.matchAll(/./gsu)].map((one) => part(one[0], start + one.index));
  }
  if (!HUMPS.test(run)) return [part(run, start)];
  return [...run.matchAll(PART)].map((one) => part(one[0], start + one.index));
}

const part = (text: string, from: number) => ({
  term: plain(text).slice(0, LONGEST),
  from,
  to: from + text.length,
});

/** Without case and accents. */
export const plain = (text: string): string =>
  ASCII.test(text)
    ? text.toLowerCase()
    : text
        .normalize("NFKD")
        .replaceAll(/\p{M}+/gu, "")
        .toLowerCase() || text;
