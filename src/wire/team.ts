import type { Project, Session } from "./session.ts";

/** A project as the team's page needs it: to name it, and to show how much was asked in it. */
export interface TeamProject extends Pick<Project, "id" | "slug" | "name" | "visibility"> {
  /** Prompts of each of the last 24 hours, the present one last. */
  hours: number[];
}

/** What a new organisation has done so far; Slack is no step where this server does not speak to it. */
export interface Setup {
  machine: boolean;
  session: boolean;
  slack: boolean | null;
  /** What stands still in Slack until somebody mends it. */
  trouble?: Trouble[];
}

/**
 * What a person may press: connect the workspace again, open its settings; try the channel again, let Polaris make a new
 * one, choose another.
 */
export type SlackAct = "reconnect" | "settings" | "again" | "anew" | "link";

/** Something wrong in Slack, and what mends it. `acts`: what this person may press; none: an admin must. */
export interface Trouble {
  /** Which project stands still; null: all of them, with the workspace. */
  project: string | null;
  says: string;
  remedy: string;
  /** The scopes that are missing. */
  detail: string | null;
  acts: SlackAct[];
}

/**
 * GET /live/sessions: one frame. Sessions as they stand now, whole: a later frame of the same session replaces the
 * earlier one, so that a frame that comes twice changes nothing. `projects`, when it comes, is all that one sees: what is
 * not in it is to be forgotten with its sessions. The frame's id goes into `?since=` (or Last-Event-ID) to resume.
 */
export interface TeamFrame {
  sessions?: Session[];
  projects?: TeamProject[];
  setup?: Setup;
}

/** What the team's page begins with. */
export interface Team {
  sessions: Session[];
  projects: TeamProject[];
  setup: Setup;
  since: number;
}
