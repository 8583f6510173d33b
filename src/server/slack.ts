import { redirectOf } from "../core/slack-manifest.ts";
import type { House } from "./house.ts";

/** Where Slack is, and where it sends people back to. */
export const slackPlace = ({ slack: { settings }, publicUrl }: House) => ({
  settings,
  redirectUri: redirectOf(publicUrl, settings.redirectUri),
});
