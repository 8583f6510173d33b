import type { Guard } from "../machine/guard/guard.ts";
import { Unchecked } from "../machine/guard/unchecked.ts";
import { PolarisError } from "../wire/error.ts";
import type { Bound } from "./bindings.ts";
import { own } from "./own.ts";

/**
 * What an agent says to teammates by its tools, without its secrets: the same words in its transcript lose them too, and
 * would be of no use there if they went out by another door. Throws while that is not sure, and off the record.
 */
export function spoken(guard: Guard, text: string, bound?: Pick<Bound, "cwd" | "paused">): string {
  if (bound?.paused === 1) {
    throw new PolarisError("forbidden", "Nothing was sent: this session is off the record.", {
      hint: "The user can type: /polaris resume",
    });
  }
  const said = own("agent.message", { driver: null, agent: "agent:polaris" }, { text });
  try {
    return guard.clean(said, bound?.cwd).text ?? "";
  } catch (error) {
    if (!(error instanceof Unchecked)) throw error;
    throw new PolarisError("forbidden", `Nothing was sent: ${error.message}.`, {
      hint: "Words that cannot be checked for secrets stay here; the user sees why with: polaris status",
    });
  }
}
