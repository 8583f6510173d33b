/** GET …/outline: a session's prompts and what each cost, to be jumped to from anywhere. */
export interface Outline {
  prompts: OutlinePrompt[];
  /** Of the whole session; `costUsd` is the agent's own total where it knows more than its messages. */
  tokens: { input: number; output: number; cached: number; costUsd: number };
  /** First and last event, 0 when there is none. */
  first: { seq: number; at: string | null };
  last: { seq: number; at: string | null };
  events: number;
}

export interface OutlinePrompt {
  seq: number;
  at: string;
  /** Its first line, at most 120 characters. */
  text: string;
  tokens: number;
  costUsd: number;
}
