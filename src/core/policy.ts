import type { Db } from "../db/db.ts";
import { compile } from "../lib/regex.ts";
import { PolarisError } from "../wire/error.ts";
import { Policy } from "../wire/policy.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";

/** What the organisation says of its own secrets; nothing until somebody does. */
export const read = (db: Db, caller: Caller): Promise<Policy> =>
  db.as(caller.org, async (tx) => {
    const [row] = await tx<{ policy: unknown }[]>`
      select policy from policies where org_id = ${caller.org}`;
    return Policy.parse(row?.policy ?? {});
  });

/** Puts it in the place of the one before. The audit says how much there is, never what: an allowed value may be one. */
export async function write(db: Db, caller: Caller, policy: Policy): Promise<Policy> {
  // A recorder sends nothing while it cannot run a pattern: one bad pattern would stop the whole team's.
  for (const { kind, regex } of policy.patterns) {
    const pattern = compile(regex);
    if (typeof pattern !== "string") continue;
    throw new PolarisError("invalid_input", `The pattern of "${kind}" ${pattern}.`, {
      hint: "docs/redaction.md says which patterns are taken.",
    });
  }
  return db.as(caller.org, async (tx) => {
    await tx`
      insert into policies (org_id, policy, updated_by)
      values (${caller.org}, ${JSON.stringify(policy)}::text::jsonb, ${caller.participant})
      on conflict (org_id) do update set
        policy = excluded.policy, updated_by = excluded.updated_by, updated_at = now()`;
    const detail = { patterns: policy.patterns.length, allow: policy.allow.length };
    await note(tx, { ...by(caller), action: "policy.changed", target: caller.org, detail });
    return policy;
  });
}
