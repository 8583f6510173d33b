/** The doors: a token typed in, or a one-time link. Both are forms, so that they work without scripts. */
import type { ComponentChildren } from "preact";
import { Command } from "../parts/command.tsx";
import { Star } from "../parts/icon.tsx";
import { document, type Frame } from "./shell.tsx";

/** What was wrong with the token or the link. */
export type DoorProblem = "used" | "expired" | "wrong" | "signed_out";

const PROBLEMS: Record<DoorProblem, string> = {
  used: "This link was used already. Each opens the door once.",
  expired: "This link has expired; links live for 15 minutes.",
  wrong: "That is not a token or link of this server.",
  signed_out: "You are signed out. Sign in to go on.",
};

export interface SignInPage extends Frame {
  problem?: DoorProblem;
  /** Where to go afterwards; a path of this server. */
  next?: string;
}

/** Posts `token` and `next` to `/sign-in`. */
export function signInPage({ problem, next, ...frame }: SignInPage): string {
  return document({
    ...frame,
    title: "Sign in · Polaris",
    body: (
      <Door title="Sign in" problem={problem}>
        <form method="post" action="/sign-in">
          <label for="token">Token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            {...(problem === "wrong"
              ? { "aria-invalid": true, "aria-describedby": "problem" }
              : {})}
          />
          {next ? <input type="hidden" name="next" value={next} /> : null}
          <button type="submit" class="button button-main">
            Sign in
          </button>
        </form>
        <p class="dim">No token? On the server's machine, this prints a fresh sign-in link:</p>
        <Command text="polaris serve --claim" />
      </Door>
    ),
  });
}

export interface ClaimPage extends Frame {
  code: string;
  problem?: DoorProblem;
  /** Where to go afterwards; a path of this server. */
  next?: string;
}

/**
 * The page behind a one-time link. It posts `code` to `/claim` only when someone presses the button: programs that
 * look at links in advance (chat previews, mail scanners) would otherwise use it up.
 */
export function claimPage({ code, problem, next, ...frame }: ClaimPage): string {
  return document({
    ...frame,
    title: "Open this server · Polaris",
    body: (
      <Door title="Open this server" problem={problem}>
        {problem ? (
          <>
            <p>On the server's machine, this prints a fresh link:</p>
            <Command text="polaris serve --claim" />
          </>
        ) : (
          <form method="post" action="/claim">
            <p>This signs this browser in as the owner of this Polaris server.</p>
            <input type="hidden" name="code" value={code} />
            {next ? <input type="hidden" name="next" value={next} /> : null}
            <button type="submit" class="button button-main">
              Sign in here
            </button>
          </form>
        )}
      </Door>
    ),
  });
}

function Door({
  title,
  problem,
  children,
}: {
  title: string;
  problem: DoorProblem | undefined;
  children: ComponentChildren;
}) {
  return (
    <main class="door">
      <p class="brand">
        <Star /> <a href="/">Polaris</a>
      </p>
      <h1>{title}</h1>
      {problem ? (
        <p class="problem" id="problem" role="alert">
          {PROBLEMS[problem]}
        </p>
      ) : null}
      {children}
    </main>
  );
}
