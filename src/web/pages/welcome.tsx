/** @jsxImportSource preact */
/** `/app/welcome`: making an organisation, for who belongs to none yet or wants another. */
import { Door, Field } from "./door.tsx";
import { document, type Frame } from "./shell.tsx";

export interface WelcomePage extends Frame {
  /** Who makes it. */
  email: string;
  isFirst: boolean;
  name?: string | undefined;
  problem?: string | undefined;
}

export function welcomePage({ email, isFirst, name, problem, ...frame }: WelcomePage): string {
  const title = isFirst ? "No organisation yet" : "New organisation";
  return document({
    ...frame,
    title: `${title} · Polaris`,
    body: (
      <Door title={title}>
        <p>
          {isFirst
            ? "You are signed in, but belong to no organisation. Make one, or open the invitation you were sent."
            : "Projects, people and history of an organisation are its own. You become its owner."}
        </p>
        <form method="post" action="/app/welcome">
          <Field
            name="name"
            label="Its name"
            value={name}
            problem={problem}
            autocomplete="organization"
          />
          <button type="submit" class="button button-main button-wide">
            Make it
          </button>
        </form>
        <p class="dim">Signed in as {email}</p>
      </Door>
    ),
  });
}
