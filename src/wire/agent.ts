import { z } from "zod";

/** What follows `agent:`, without an instance: `dean` also speaks as `agent:dean.snowflake`. */
export const AgentName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    "use lower case letters, digits, dashes; begin with a letter or digit",
  );

/** `:owl:` as Slack has it, one emoji, or the https address of a picture. */
const Icon = z
  .string()
  .trim()
  .max(500)
  .refine(
    (text) =>
      text === "" ||
      /^:[a-z0-9_+'-]+:$/.test(text) ||
      /^https:\/\/[^\s<>"|]+$/.test(text) ||
      /^\p{RGI_Emoji}$/v.test(text),
    "use :name:, one emoji, or an https address of a picture",
  );

const Words = z.array(z.string().trim().min(1).max(64)).max(32);
const Line = (max: number) =>
  z
    .string()
    .transform((text) => text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim())
    .pipe(z.string().max(max));

export const NewAgent = z.object({
  name: AgentName,
  display: Line(80).pipe(z.string().min(1)).optional(),
  icon: Icon.default(""),
  description: Line(1000).default(""),
  skills: Words.default([]),
  tags: Words.default([]),
});

export const AgentChange = z.object({
  display: Line(80).pipe(z.string().min(1)).optional(),
  icon: Icon.optional(),
  description: Line(1000).optional(),
  skills: Words.optional(),
  tags: Words.optional(),
});

/** A named agent of an organisation (rows H1, H2). */
export interface Agent {
  name: string;
  /** `agent:<name>`. */
  participant: string;
  display: string;
  icon: string;
  description: string;
  skills: string[];
  tags: string[];
  createdBy: string;
  createdAt: string;
}

/** How the registry shows an agent. */
export const Face = z.object({ display: z.string(), icon: z.string() });
export type Face = z.infer<typeof Face>;

/** Something said to an agent by its name (row H3). */
export interface AgentMessage {
  id: string;
  /** Its place in the agent's inbox, without gaps: the cursor of list and stream. */
  seq: number;
  agent: string;
  project: string;
  /** The session it was said in, when it was. */
  session: string | null;
  from: string;
  fromName: string;
  via: string;
  text: string;
  at: string;
  answer: string | null;
}

export const AgentAnswer = z.object({ text: z.string().trim().min(1).max(40_000) });
