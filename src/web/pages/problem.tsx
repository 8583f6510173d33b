/** @jsxImportSource preact */
/** What people see instead of a page: what happened, and what to do. */
import { Door } from "./door.tsx";
import { document, type Frame } from "./shell.tsx";

export interface ProblemPage extends Frame {
  status: number;
  message?: string;
  hint?: string;
}

const WORDS: Record<number, [message: string, hint: string]> = {
  401: ["You are not signed in.", "Sign in, then open this address again."],
  403: ["You have no access to this.", "Ask an owner of the project to let you in."],
  404: ["There is nothing here.", "It was renamed or removed, or you may not see it."],
  500: ["Something broke on the server.", "Nothing recorded is lost. Try again in a moment."],
  503: ["The server is busy starting or stopping.", "Try again in a moment."],
};

export function problemPage({ status, message, hint, ...frame }: ProblemPage): string {
  const [what, next] = WORDS[status] ?? ["That did not work.", "Go back and try again."];
  const door = status === 401;
  return document({
    ...frame,
    title: `${status} · Polaris`,
    body: (
      <Door title={message ?? what}>
        <p>{hint || next}</p>
        <p>
          <a class="button button-main" href={door ? "/sign-in" : "/app"}>
            {door ? "Sign in" : "To your projects"}
          </a>
        </p>
        <p class="dim">{status}</p>
      </Door>
    ),
  });
}
