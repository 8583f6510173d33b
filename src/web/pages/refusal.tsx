/** @jsxImportSource preact */
/** Why a sign-in did not work, one page for each reason, and the way on from there. */
import type { ErrorCode } from "../../wire/error.ts";
import { Door } from "./door.tsx";
import { document, type Frame } from "./shell.tsx";

export interface RefusalPage extends Frame {
  code: ErrorCode;
  message: string;
  hint: string;
}

const TITLES: Partial<Record<ErrorCode, string>> = {
  not_invited: "You are not invited yet",
  wrong_domain: "Not with this address",
  provider_unavailable: "The provider is away",
  provider_refused: "That did not add up",
  clock_skew: "The clocks differ",
  sign_in_cancelled: "Sign-in cancelled",
  sign_in_over: "This sign-in is over",
  email_unverified: "Your address is not verified",
  account_other: "Another account has this address",
  link_other: "This link is for somebody else",
  sign_in_first: "Sign in first",
  code_used: "This link is over",
};

export function refusalPage({ code, message, hint, ...frame }: RefusalPage): string {
  const title = TITLES[code] ?? "That did not work";
  return document({
    ...frame,
    title: `${title} · Polaris`,
    body: (
      <Door title={title} problem={message}>
        <p>{hint}</p>
        <p>
          <a class="button button-main" href="/sign-in">
            {code === "sign_in_first" ? "Sign in" : "Sign in again"}
          </a>
        </p>
        <p class="dim">{code}</p>
      </Door>
    ),
  });
}
