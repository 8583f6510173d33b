import { test as run } from "bun:test";
import { ANSWERS, type Answers } from "../helpers/slack.ts";

type Run = (name: string, flow: (answers: Answers) => Promise<void>, ms?: number) => void;

/** A flow that must hold twice: where our Slack answers, and where `emulate` does. */
export const test: Run = (name, flow, ms) => {
  for (const answers of ANSWERS) run(`${name} (${answers} answers)`, () => flow(answers), ms);
};

/** One in which nobody behind the double is asked: what is tried are faults that the double makes itself. */
export const ours: Run = (name, flow, ms) => run(name, () => flow("our Slack"), ms);
