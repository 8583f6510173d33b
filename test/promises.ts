/**
 * What the README promises, word for word. Each is cited by a test as `promise: <key>` in its name or a comment beside
 * it; `promises.test.ts` fails when one is not.
 */
export const PROMISES = {
  "nothing-lost":
    "What a machine has recorded survives a kill of recorder, server and database at any moment: nothing is lost, nothing is stored twice.",
  "no-hook-per-tool":
    "A tool call that the agent runs starts no process of ours: its transcript is the record, hooks only say when to read.",
  "server-away":
    "While the server is away the agent goes on as ever, and everything arrives later, in order.",
  "read-once":
    "A teammate's words reach a running agent once, idle or at work; or their sender is told why not, within 30 s.",
  "only-linked": "Only directories that were linked, and sessions that were joined, are recorded.",
  "shut-door": "Every call needs a token; there is no open mode.",
  "any-bytes":
    "Whatever an agent can print is stored and shown: NUL, broken Unicode, ten megabytes.",
  "one-executable":
    "One executable is everything: server, recorder, hooks, dashboard and PostgreSQL.",
} as const;
