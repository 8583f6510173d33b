import { input } from "../core/input.ts";
import { SlackWishChange } from "../wire/slack-wishes.ts";

/** What the form of `web/parts/wishes.tsx` asks for. */
export function wishOf(form: Record<string, string>): SlackWishChange {
  const { layout, verbosity, long, advice, outsiders, personas } = form;
  const chosen = { layout, verbosity, long, advice, outsiders, personas };
  const fields = Object.entries(chosen).map(([key, value]) => [key, choice(key, value)]);
  return input(SlackWishChange, Object.fromEntries(fields));
}

/** What a form's field means; an empty one takes the wish back. */
function choice(key: string, value: string | undefined): string | boolean | null | undefined {
  if (value === undefined) return undefined;
  if (value === "") return null;
  return key === "personas" ? value === "true" : value;
}
