/** How fast the audit's chain is walked: `bun test/bench/audit.ts [rows]`. Target: at least 50,000 rows a second. */
import { link } from "../../src/core/audit.ts";
import { homeOrg } from "../../src/core/people.ts";
import { verify } from "../../src/core/verify.ts";
import { connect } from "../../src/db/db.ts";
import { freshDatabase, stopShared } from "../helpers/postgres.ts";

const TARGET = 50_000;
const rows = Number(process.argv[2] ?? 200_000);

async function measure(): Promise<void> {
  await using database = await freshDatabase();
  await using db = await connect(database.place, { max: 2 });
  const org = await homeOrg(db);
  let before: Uint8Array | undefined;
  for (let n = 0; n < rows; ) {
    const batch: object[] = [];
    for (let end = Math.min(rows, n + 5000); n < end; ) {
      n++;
      const row = {
        n,
        at: new Date(1_790_000_000_000 + n * 1000),
        actor: `user:person-${n % 50}`,
        action: "driver.changed",
        target: `project-${n % 20}/s-${(n % 4096).toString(16)}`,
        detail: { to: `user:person-${n % 50}`, from: `user:person-${(n + 1) % 50}` },
        address: `10.0.${n % 200}.7`,
      };
      before = link(org, row, before);
      batch.push({ ...row, hash: Buffer.from(before).toString("hex") });
    }
    await db.as(
      org,
      (tx) => tx`
        insert into audit (org_id, n, at, actor, action, target, detail, address, hash)
        select ${org}::uuid, n, at, actor, action, target, detail, address, decode(hash, 'hex')
        from jsonb_to_recordset(${JSON.stringify(batch)}::text::jsonb) as r(n bigint, at timestamptz, actor text,
          action text, target text, detail jsonb, address text, hash text)`,
    );
  }
  for (let run = 0; run < 3; run++) {
    const at = performance.now();
    const [chain] = await verify(db);
    const rate = rows / ((performance.now() - at) / 1000);
    if (chain?.rows !== rows || chain.broken) throw new Error(JSON.stringify(chain));
    const verdict = rate >= TARGET ? "reached" : "missed";
    console.log(
      `audit verify: ${Math.round(rate).toLocaleString("en")} rows/s (${verdict} ${TARGET})`,
    );
  }
}

await measure().finally(stopShared);
