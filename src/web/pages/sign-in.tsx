/** @jsxImportSource preact */
/** The doors: a provider's button, or a one-time link. Links and forms only, so that they work without scripts. */
import { Command } from "../parts/command.tsx";
import { Door, Field, type Way, Ways } from "./door.tsx";
import { document, type Frame } from "./shell.tsx";

export interface SignInPage extends Frame {
  ways: Way[];
  /** Where to go afterwards; a path of this server. */
  next?: string | undefined;
  canonical?: string | undefined;
}

export function signInPage({ ways, next, canonical, ...frame }: SignInPage): string {
  return document({
    ...frame,
    title: "Sign in · Polaris",
    description:
      "Sign in to this organisation's Polaris: its coding-agent sessions, recorded and live.",
    ...(canonical ? { canonical } : {}),
    body: (
      <Door title="Sign in">
        <Ways ways={ways} query={{ next }} />
        {ways.length === 0 ? (
          <p>
            People come in here by one-time links. If you were sent one, open it. If you were here
            before, ask whoever runs this server for a new one.
          </p>
        ) : null}
        <p class="dim">
          You run this server? On its machine, this prints a link that signs you in:
        </p>
        <Command text="polaris serve --sign-in you@your.domain" />
      </Door>
    ),
  });
}

/** What a person typed, and what was wrong with it. */
export interface Typed {
  email?: string | undefined;
  name?: string | undefined;
  problems?: { email?: string; name?: string };
}

export interface ClaimPage extends Frame {
  code: string;
  /** What the link is good for; undefined: for nothing any more. */
  link?: { kind: "claim" | "invite"; orgName: string; role: string; email: string | null };
  ways?: Way[];
  /** Who is signed in already, and will be the one who joins. */
  viewer?: string | null;
  typed?: Typed;
  /** Where to go afterwards; a path of this server. */
  next?: string | undefined;
}

/**
 * The page behind a one-time link. It posts `code` to `/claim` only when someone presses the button: programs that
 * look at links in advance (chat previews, mail scanners) would otherwise use it up.
 */
export function claimPage(page: ClaimPage): string {
  const { link, assets, theme } = page;
  const title = !link
    ? "This link is over"
    : link.kind === "claim"
      ? "Make this server yours"
      : `Join ${link.orgName}`;
  return document({
    assets,
    theme,
    title: `${title} · Polaris`,
    body: link ? <Opens {...page} link={link} title={title} /> : <Over />,
  });
}

function Over() {
  return (
    <Door
      title="This link is over"
      problem="This link was used already, is too old, or was taken back."
    >
      <p>Ask whoever sent it for a new one. If you have been here before, sign in as ever.</p>
      <p>
        <a class="button button-main" href="/sign-in">
          Sign in
        </a>
      </p>
      <p class="dim">
        Is the server new and yours? On its machine, this prints a fresh link while it has no owner:
      </p>
      <Command text="polaris serve --claim" />
    </Door>
  );
}

type Open = ClaimPage & { link: NonNullable<ClaimPage["link"]>; title: string };

function Opens({ link, title, code, ways = [], viewer, typed, next }: Open) {
  const isClaim = link.kind === "claim";
  // An address is believed when a provider verified it; typed ones only where there is no provider, and for the owner.
  const mayType = !viewer && (isClaim || ways.length === 0);
  return (
    <Door title={title}>
      <p>
        {isClaim
          ? "You become its first owner, and invite everybody else."
          : `You were asked in as ${link.role}${link.email ? `, as ${link.email}` : ""}.`}
      </p>
      {viewer ? null : <Ways ways={ways} query={{ code, next }} />}
      {ways.length && mayType ? <p class="dim">Or without a provider:</p> : null}
      {viewer || mayType ? (
        <form method="post" action="/claim">
          <input type="hidden" name="code" value={code} />
          {next ? <input type="hidden" name="next" value={next} /> : null}
          {mayType ? <Who email={link.email} typed={typed} /> : null}
          <button type="submit" class={`button ${ways.length ? "" : "button-main"} button-wide`}>
            {labelOf(isClaim, viewer)}
          </button>
        </form>
      ) : null}
      {viewer || isClaim || ways.length ? null : (
        <p class="dim">You have been here before? Sign in first, then open the link again.</p>
      )}
    </Door>
  );
}

function labelOf(isClaim: boolean, viewer: string | null | undefined): string {
  if (!viewer) return isClaim ? "Make it mine" : "Join";
  return isClaim ? `Make it mine, as ${viewer}` : `Join as ${viewer}`;
}

function Who({ email, typed = {} }: { email: string | null; typed?: Typed | undefined }) {
  const { problems = {} } = typed;
  return (
    <>
      {email ? (
        <input type="hidden" name="email" value={email} />
      ) : (
        <Field
          name="email"
          label="Email"
          type="email"
          autocomplete="email"
          value={typed.email}
          problem={problems.email}
        />
      )}
      <Field
        name="name"
        label="Name"
        autocomplete="name"
        value={typed.name}
        problem={problems.name}
      />
    </>
  );
}
