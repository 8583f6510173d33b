/** @jsxImportSource preact */
/** The frame of every page before one is in: a name, one problem, one way on. */
import type { ComponentChildren } from "preact";
import { Star } from "../parts/icon.tsx";

export function Door({
  title,
  problem,
  children,
}: {
  title: string;
  problem?: string | undefined;
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
          {problem}
        </p>
      ) : null}
      {children}
    </main>
  );
}

/** A provider that people sign in with. */
export interface Way {
  id: string;
  name: string;
}

/** One button each. Links, not forms: the way leads to another host, where a form's policy would stop it. */
export function Ways({ ways, query }: { ways: Way[]; query: Record<string, string | undefined> }) {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = new URLSearchParams(given).toString();
  return (
    <>
      {ways.map(({ id, name }) => (
        <p key={id}>
          <a
            class="button button-main button-wide"
            href={`/auth/${id}/start${search ? `?${search}` : ""}`}
          >
            Continue with {name}
          </a>
        </p>
      ))}
    </>
  );
}

/** A labelled field that keeps what was typed and says what was wrong with it. */
export function Field({
  name,
  label,
  type = "text",
  value,
  problem,
  autocomplete,
}: {
  name: string;
  label: string;
  type?: "text" | "email";
  value?: string | undefined;
  problem?: string | undefined;
  autocomplete?: string;
}) {
  const told = problem ? { "aria-invalid": true, "aria-describedby": `${name}-problem` } : {};
  const given = {
    id: name,
    name,
    value,
    maxLength: 254,
    required: true,
    ...(autocomplete ? { autocomplete } : {}),
    ...told,
  };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {type === "email" ? <input type="email" {...given} /> : <input {...given} />}
      {problem ? (
        <p class="field-problem" id={`${name}-problem`}>
          {problem}
        </p>
      ) : null}
    </div>
  );
}
