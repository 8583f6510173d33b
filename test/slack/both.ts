import { test as run } from "bun:test";
import { ANSWERS, type Answers } from "../helpers/slack.ts";

/** A flow that must hold twice: where our Slack answers, and where `emulate` does. */
export function test(name: string, flow: (answers: Answers) => Promise<void>, ms?: number): void {
  for (const answers of ANSWERS) run(`${name} (${answers} answers)`, () => flow(answers), ms);
}
