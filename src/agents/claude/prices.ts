import { number, record } from "../fields.ts";

/**
 * US dollars per million tokens, as of 2026-11-20, from platform.claude.com/docs/en/about-claude/pricing and the
 * models' own pages there, compared with the catalogue inside Claude Code 2.1.329. A model that is not here has no cost,
 * only tokens: Haiku 5.5 is missing because the price of its long prompts could not be compared.
 */
interface Price {
  input: number;
  output: number;
  /** Written into the cache for five minutes, and for an hour. */
  write: number;
  writeHour: number;
  read: number;
}

const price = (
  input: number,
  output: number,
  write: number,
  writeHour: number,
  read: number,
): Price => ({ input, output, write, writeHour, read });

const FABLE = price(10, 50, 12.5, 20, 1);
const OPUS = price(5, 25, 6.25, 10, 0.5);
const OPUS_OLD = price(15, 75, 18.75, 30, 1.5);
const SONNET = price(3, 15, 3.75, 6, 0.3);

const PRICES: Readonly<Record<string, Price>> = {
  "claude-fable-5-1": { ...FABLE, read: 0.25 },
  "claude-fable-5": FABLE,
  "claude-opus-5-5": price(4, 20, 5, 8, 0.2),
  "claude-opus-5": OPUS,
  "claude-opus-4-8": OPUS,
  "claude-opus-4-7": OPUS,
  "claude-opus-4-6": OPUS,
  "claude-opus-4-5": OPUS,
  "claude-opus-4-1": OPUS_OLD,
  "claude-opus-4": OPUS_OLD,
  "claude-sonnet-5-5": price(2, 10, 2.5, 4, 0.1),
  "claude-sonnet-5": price(2, 10, 2.5, 4, 0.2),
  "claude-sonnet-4-6": SONNET,
  "claude-sonnet-4-5": SONNET,
  "claude-sonnet-4": SONNET,
  "claude-haiku-4-5": price(1, 5, 1.25, 2, 0.1),
};

/** Each search on the web that the model made itself. */
const WEB_SEARCH = 0.01;

/** What one message of the model cost, by the list; undefined when its model or its way of being served is not in it. */
export function costOf(model: string | undefined, usage: unknown): number | undefined {
  // `claude-opus-5-5[1m]`, `claude-haiku-4-5-20251001`
  const name = model?.replace(/\[[^\]]*\]$/, "").replace(/-\d{8}$/, "") ?? "";
  const known = Object.hasOwn(PRICES, name) ? PRICES[name] : undefined;
  const counted = record(usage);
  // Faster answers have prices of their own.
  if (!known || (counted.speed !== undefined && counted.speed !== "standard")) return undefined;
  const of = (value: unknown): number => Math.max(0, number(value) ?? 0);
  const hour = of(record(counted.cache_creation).ephemeral_1h_input_tokens);
  const short = Math.max(0, of(counted.cache_creation_input_tokens) - hour);
  const tokens =
    of(counted.input_tokens) * known.input +
    of(counted.output_tokens) * known.output +
    of(counted.cache_read_input_tokens) * known.read +
    short * known.write +
    hour * known.writeHour;
  const searches = of(record(counted.server_tool_use).web_search_requests) * WEB_SEARCH;
  // Billionths of a dollar: no more digits than the list has.
  return Math.round((tokens / 1e6 + searches) * 1e9) / 1e9;
}
