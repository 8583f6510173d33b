/**
 * Every subcommand, imported only when it is called: `polaris --version` and `polaris hook` must not pay for the
 * server (8 ms against 274 ms with eager imports).
 */
export const COMMANDS = {
  serve: {
    about: "Run the server, with its own PostgreSQL unless DATABASE_URL is set",
    load: () => import("./serve.ts"),
  },
  bridge: {
    about: "Run the Slack bridge alone; serve has one inside",
    load: () => import("./bridge.ts"),
  },
  slack: { about: "Make the Slack app for this server", load: () => import("./slack.ts") },
  setup: {
    about: "Set up a team's server here, or join one: asks, tests, writes, starts",
    load: () => import("./setup.ts"),
  },
  daemon: { about: "Run this machine's recorder", load: () => import("./daemon.ts") },
  hook: {
    about: "Called by coding agents: hands one hook call to the daemon",
    load: () => import("./hook.ts"),
  },
  statusline: {
    about: "Called by Claude Code: one line about the session it shows",
    load: () => import("./statusline.ts"),
  },
  install: {
    about: "Set this machine up: hooks, skill, status line, background recorder",
    load: () => import("./install.ts"),
  },
  uninstall: {
    about: "Take all of that away again, byte for byte",
    load: () => import("./uninstall.ts"),
  },
  doctor: {
    about: "What is wrong with this machine's installation, and --fix",
    load: () => import("./doctor.ts"),
  },
  update: {
    about: "Fetch a newer version, checked by its signature; --rollback",
    load: () => import("./update.ts"),
  },
  login: { about: "Sign this machine in to a server", load: () => import("./login.ts") },
  logout: { about: "Sign this machine out", load: () => import("./logout.ts") },
  profiles: { about: "List this machine's sign-ins", load: () => import("./profiles.ts") },
  use: { about: "Choose the sign-in for what begins now", load: () => import("./use.ts") },
  join: { about: "Record a running agent session into a project", load: () => import("./join.ts") },
  rename: { about: "Give a session a label that teammates see", load: () => import("./rename.ts") },
  leave: { about: "Stop recording an agent session", load: () => import("./leave.ts") },
  pause: { about: "Off the record: write nothing for now", load: () => import("./pause.ts") },
  resume: { about: "Back on the record", load: () => import("./resume.ts") },
  link: { about: "Record every new agent session in a directory", load: () => import("./link.ts") },
  unlink: { about: "Stop recording a directory", load: () => import("./unlink.ts") },
  recover: {
    about: "Send what the server is missing of this machine's recordings",
    load: () => import("./recover.ts"),
  },
  import: {
    about: "Take existing transcripts of this machine into a project",
    load: () => import("./import.ts"),
  },
  status: {
    about: "What is recorded, and whether it has reached the server",
    load: () => import("./status.ts"),
  },
  sessions: {
    about: "The sessions you may see, in all projects",
    load: () => import("./sessions.ts"),
  },
  inject: {
    about: "Advise a running session, and see whether the agent has read it",
    load: () => import("./inject.ts"),
  },
  handoff: {
    about: "Give up the driver's seat, or give it to somebody",
    load: () => import("./handoff.ts"),
  },
  claim: { about: "Take the driver's seat of a session", load: () => import("./claim.ts") },
  brief: {
    about: "What a session or project is about, for who comes next",
    load: () => import("./brief.ts"),
  },
  context: {
    about: "What has been said and done in a project's sessions",
    load: () => import("./context.ts"),
  },
  search: {
    about: "Find what was said and done, in all sessions you may see",
    load: () => import("./search.ts"),
  },
  export: {
    about: "Write a session as Markdown, JSON lines or one HTML file",
    load: () => import("./export.ts"),
  },
  pr: {
    about: "Tell a GitHub pull request of the sessions behind it",
    load: () => import("./pr.ts"),
  },
  mcp: { about: "The MCP server an agent session starts (stdio)", load: () => import("./mcp.ts") },
  migrate: {
    about: "Bring the database to this version's schema",
    load: () => import("./migrate.ts"),
  },
  backup: {
    about: "Write all of the database into one verified file, while it runs",
    load: () => import("./backup.ts"),
  },
  restore: {
    about: "Put a backup into an empty server",
    load: () => import("./restore.ts"),
  },
  forget: {
    about: "Remove a person's words, or a project's old ones, for good",
    load: () => import("./forget.ts"),
  },
  audit: {
    about: "Who did what that mattered, and whether that memory is whole",
    load: () => import("./audit.ts"),
  },
  demo: {
    about: "Server, recorder and a recorded session, ready to look at",
    load: () => import("./demo.ts"),
  },
} as const;

export type CommandName = keyof typeof COMMANDS;

/** What a file in cli/ exports. `args` are those after the command's own name. */
export interface Command {
  /** Shown by `--help`: usage lines, options, and examples that work when pasted. */
  help: string;
  run(args: string[]): Promise<void>;
}
