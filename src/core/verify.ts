import type { Db } from "../db/db.ts";
import type { AuditChain } from "../wire/audit.ts";
import { link, type Row } from "./audit.ts";

/** Rows read at once: 5 MB at most, and the server's other work goes on between two pages. */
const PAGE = 2000;

/** Walks every organisation's chain from its first row and stops at the first that does not follow. */
export async function verify(db: Db): Promise<AuditChain[]> {
  const orgs = await db.sql<
    { id: string; slug: string }[]
  >`select id, slug from orgs order by slug`;
  const chains: AuditChain[] = [];
  for (const { id, slug } of orgs) chains.push(await walk(db, id, slug));
  return chains;
}

/** Walks one organisation's chain: what its admins may ask for. */
export async function verifyOne(db: Db, org: string): Promise<AuditChain> {
  const [row] = await db.sql<{ slug: string }[]>`select slug from orgs where id = ${org}`;
  return walk(db, org, row?.slug ?? "");
}

async function walk(db: Db, org: string, slug: string): Promise<AuditChain> {
  let rows = 0;
  let before: Uint8Array | undefined;
  const found = (broken: AuditChain["broken"]): AuditChain => ({
    org: slug,
    rows,
    head: before ? Buffer.from(before).toString("hex") : null,
    broken,
  });
  const read = (after: number) =>
    db.as(
      org,
      (tx) => tx<Row[]>`
        select n, at, actor, action, target, detail, address, hash from audit
        where org_id = ${org} and n > ${after} order by n limit ${PAGE}`,
    );
  let coming = read(0);
  for (;;) {
    const page = await coming;
    // While this page is walked the database reads the next, which begins where this one ends if nothing is missing.
    const full = page.length === PAGE;
    if (full) coming = read(rows + PAGE);
    for (const row of page) {
      const n = Number(row.n);
      if (n !== rows + 1) {
        await coming;
        return found({ n: rows + 1, why: "missing" });
      }
      const hash = link(org, { ...row, n }, before);
      if (!hash.equals(row.hash)) {
        await coming;
        return found({ n, why: "changed" });
      }
      rows = n;
      before = hash;
    }
    if (!full) return found(null);
  }
}
