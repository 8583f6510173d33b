/** @jsxImportSource preact */
/** Letting a machine in: what it is and from where it asks, before anybody says yes. Forms, so that they need no script. */
import type { ComponentChildren } from "preact";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { Door } from "./door.tsx";
import { document, type Frame } from "./shell.tsx";

interface Signed extends Frame {
  viewer: string;
  /** The organisation the machine is let into. */
  org?: string;
}

export interface DevicePage extends Signed {
  asking?: { userCode: string; name: string; address: string | null; askedAt: Date };
  /** No machine waits under the code that was typed. */
  isWrong?: boolean;
}

/** Asks for the code, then shows whose it is. */
export function devicePage({ viewer, org, asking, isWrong, ...frame }: DevicePage): string {
  if (asking) {
    return consent({
      ...frame,
      viewer,
      ...(org ? { org } : {}),
      action: "/auth/device/decision",
      fields: { user_code: asking.userCode },
      machine: { name: asking.name, address: asking.address, askedAt: asking.askedAt },
      advice: `Go on only if that machine shows the code ${spaced(asking.userCode)}.`,
    });
  }
  return document({
    ...frame,
    title: "Let a machine in · Polaris",
    body: (
      <Door
        title="Let a machine in"
        problem={
          isWrong ? "No machine is waiting under this code. Codes live for ten minutes." : undefined
        }
      >
        <form method="get" action="/auth/device">
          <label for="user_code">The code that the machine shows</label>
          <input
            id="user_code"
            name="user_code"
            required
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            maxLength={20}
            placeholder="BCDF-GHJK"
            {...(isWrong ? { "aria-invalid": true, "aria-describedby": "problem" } : {})}
          />
          <button type="submit" class="button button-main">
            Continue
          </button>
        </form>
      </Door>
    ),
  });
}

export interface AuthorizePage extends Signed {
  address: string | null;
  wish: {
    response_type: string;
    client_id: string;
    redirect_uri: string;
    code_challenge: string;
    code_challenge_method: string;
    state: string;
    device_name: string;
  };
}

/** The same for a machine that has opened this browser itself. */
export function authorizePage({ address, wish, ...frame }: AuthorizePage): string {
  return consent({
    ...frame,
    action: "/auth/authorize",
    fields: wish,
    machine: { name: wish.device_name, address, askedAt: new Date() },
    advice: "Go on only if you have just run polaris login yourself.",
  });
}

/** The end of it, when there is nothing to go back to. */
export function decidedPage({
  name,
  isApproved,
  ...frame
}: Frame & { name: string; isApproved: boolean }): string {
  const title = isApproved ? "The machine is signed in" : "The machine was refused";
  return document({
    ...frame,
    title: `${title} · Polaris`,
    body: (
      <Door title={title}>
        <p>
          {isApproved
            ? `${name} goes on by itself within a few seconds. This page can be closed.`
            : `${name} gets nothing. If you did not expect it to ask, nothing more is to be done.`}
        </p>
        <p>
          <a class="button" href="/app/settings/devices">
            Your devices
          </a>
        </p>
      </Door>
    ),
  });
}

interface Consent extends Signed {
  action: string;
  fields: Record<string, string>;
  machine: { name: string; address: string | null; askedAt: Date };
  advice: string;
}

function consent({ viewer, org, action, fields, machine, advice, ...frame }: Consent): string {
  return document({
    ...frame,
    title: "Let this machine in? · Polaris",
    body: (
      <Door title="Let this machine in?">
        <div class="facts">
          <dl>
            <Fact name="Machine">{machine.name}</Fact>
            <Fact name="Asks from">{machine.address ?? "an unknown address"}</Fact>
            <Fact name="Asked">
              <Time at={machine.askedAt.toISOString()} now={Date.now()} />
            </Fact>
            <Fact name="Acts as">
              {nameOf(viewer)}
              {org ? ` in ${org}` : ""}
            </Fact>
          </dl>
        </div>
        <p>It may then read and record what you may. {advice}</p>
        <form method="post" action={action}>
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} key={name} />
          ))}
          <button type="submit" name="decision" value="approve" class="button button-main">
            Let it in
          </button>
          <button type="submit" name="decision" value="deny" class="button">
            Refuse
          </button>
        </form>
      </Door>
    ),
  });
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const spaced = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;
