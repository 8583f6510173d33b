import { wishesIn } from "../../core/slack-wishes.ts";
import {
  type Advisors,
  LAYOUTS,
  type Layout,
  LONG,
  type Long,
  type Outsiders,
  type Verbosity,
} from "../../wire/slack-wishes.ts";

export interface Wishes {
  layout: Layout;
  verbosity: Verbosity;
  long: Long;
  advice: Advisors;
  outsiders: Outsiders;
  personas: boolean;
}

/** What counts for a project: its own wishes over the organisation's over the server's environment. */
export function wishesOf(
  settings: Record<string, unknown>,
  env: Record<string, string | undefined> = process.env,
): Wishes {
  const wishes = wishesIn(settings);
  return {
    layout: wishes.layout ?? LAYOUTS.find((it) => it === env.POLARIS_SLACK_LAYOUT) ?? "thread",
    verbosity: wishes.verbosity ?? "normal",
    long: wishes.long ?? LONG.find((it) => it === env.POLARIS_LONG_MSG) ?? "snippet",
    advice: wishes.advice ?? "linked",
    outsiders: wishes.outsiders ?? "none",
    personas: wishes.personas ?? true,
  };
}
