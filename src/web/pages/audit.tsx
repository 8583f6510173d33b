/** @jsxImportSource preact */
/** `/app/settings/audit`: who did what that mattered, newest first, and whether that memory is whole. */
import type { AuditChain, AuditFilter, AuditRow } from "../../wire/audit.ts";
import { CopyButton } from "../parts/command.tsx";
import { DEEDS, deedOf, detailOf, NOUNS } from "../parts/deeds.ts";
import { absolute, count } from "../parts/time.tsx";
import { addressOf, projectAddress } from "../parts/title.ts";
import { nameOf } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface AuditPage extends SettingsPage {
  /** undefined: the viewer may not read it. */
  rows: AuditRow[] | undefined;
  next: string | null;
  asked: AuditFilter & { before?: number | undefined };
  /** To choose from. */
  people: string[];
  chain?: AuditChain | undefined;
}

const HERE = "/app/settings/audit";

export function auditPage(page: AuditPage): string {
  const { rows, chain } = page;
  const children = rows ? (
    <>
      <p class="dim">
        Acts that mattered, each bound to the one before by its hash. Nobody changes or deletes
        them, not even owners; words of sessions are never in here.
      </p>
      {chain ? <Verdict {...chain} /> : null}
      <div class="acts">
        <form method="post" action={HERE} class="act">
          <input type="hidden" name="act" value="verify" />
          <button type="submit" class="button">
            Verify
          </button>
        </form>
        <a class="button" href={`/audit/export?${query(page.asked, { format: "csv" })}`} download>
          CSV
        </a>
        <a class="button" href={`/audit/export?${query(page.asked, { format: "jsonl" })}`} download>
          JSON lines
        </a>
      </div>
      <Filters {...page} />
      {rows.length > 0 ? <Rows rows={rows} /> : <Empty {...page} />}
      <Pages {...page} />
    </>
  ) : (
    <p class="empty">
      Owners and admins read the audit. Your own devices and tokens are under{" "}
      <a href="/app/settings/devices">Devices</a> and <a href="/app/settings/tokens">Tokens</a>.
    </p>
  );
  return settingsPage(page, { tab: "Audit", heading: "Audit", children });
}

function Verdict({ rows, head, broken }: AuditChain) {
  if (broken) {
    return (
      <p class="problem" role="alert">
        <b>
          Row {count(broken.n)} {broken.why === "missing" ? "is missing" : "was changed"}
        </b>{" "}
        after {count(rows)} that follow each other. Somebody was in the database behind Polaris:
        compare with a backup or an export.
      </p>
    );
  }
  return (
    <section class="made" role="status" aria-label="The chain">
      <p>
        <b>The chain is whole</b>: {count(rows)} {rows === 1 ? "row" : "rows"}, each following the
        one before.
      </p>
      {head ? (
        <>
          <div class="command">
            <code>{head}</code>
            <CopyButton text={head} what="hash of the last row" />
          </div>
          <p class="dim">
            Keep this hash somewhere else: a chain whose end was cut off is whole too, but ends in
            another.
          </p>
        </>
      ) : null}
    </section>
  );
}

function Filters({ asked, people }: AuditPage) {
  const { actor = "", action = "", target = "", since = "" } = asked;
  return (
    <form action={HERE} class="filters" aria-label="What is shown">
      <label>
        Who
        <input name="actor" value={actor} list="people" placeholder="everybody" maxLength={200} />
      </label>
      <datalist id="people">
        {people.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <label>
        What
        <select name="action">
          <option value="">everything</option>
          {action && !offered(action) ? (
            <option value={action} selected>
              {action}
            </option>
          ) : null}
          {NOUNS.map(([noun, actions]) => (
            <optgroup key={noun} label={noun}>
              <option value={noun} selected={noun === action}>
                {noun}: all
              </option>
              {actions.map((each) => (
                <option key={each} value={each} selected={each === action}>
                  {deedOf(each)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label>
        To what
        <input name="target" value={target} placeholder="anything" maxLength={500} />
      </label>
      <label>
        Since
        <input name="since" type="date" value={since.slice(0, 10)} />
      </label>
      <button type="submit" class="button">
        Show
      </button>
    </form>
  );
}

const offered = (action: string): boolean =>
  Object.hasOwn(DEEDS, action) || NOUNS.some(([noun]) => noun === action);

function Rows({ rows }: { rows: AuditRow[] }) {
  return (
    <table class="rows audit-rows">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.n} id={`n-${row.n}`}>
            <td>
              <span class="dim">#{row.n}</span> {absolute(row.at)}
            </td>
            <th scope="row" title={row.actor}>
              {nameOf(row.actor)}
            </th>
            <td class="grow">
              <span title={row.action}>
                {deedOf(row.action)} <Target {...row} />
              </span>
              <span class="dim second">{detailOf(row.detail)}</span>
            </td>
            <td class="dim">{row.address}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const IN_PROJECT = new Set(["project", "events"]);
const IN_SESSION = new Set(["injection", "driver", "advice", "session"]);
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

/** Projects and sessions are a link; what is gone by now answers so itself. */
function Target({ action, target }: AuditRow) {
  if (!target) return null;
  if (UUID.test(target)) return <code title={target}>{target.slice(-8)}</code>;
  const noun = action.slice(0, action.indexOf("."));
  const [project = "", name] = target.split("/");
  if (IN_PROJECT.has(noun) && action !== "project.deleted") {
    return <a href={projectAddress(project)}>{target}</a>;
  }
  if (IN_SESSION.has(noun) && name) return <a href={addressOf({ project, name })}>{target}</a>;
  return <b>{target}</b>;
}

function Empty({ asked }: AuditPage) {
  const filtered = Object.values(asked).some((value) => value !== undefined);
  return (
    <div class="empty">
      <p>{filtered ? "Nothing like that was done." : "Nothing was done yet that is kept here."}</p>
      {filtered ? <a href={HERE}>Show everything</a> : null}
    </div>
  );
}

function Pages({ asked, next }: AuditPage) {
  const { before, ...rest } = asked;
  return (
    <p class="acts">
      {before === undefined ? null : (
        <a class="button" href={`${HERE}?${query(rest)}`}>
          Newest
        </a>
      )}
      {next ? (
        <a class="button" href={`${HERE}?${query(rest, { before: next })}`}>
          Older
        </a>
      ) : null}
    </p>
  );
}

function query({ actor, action, target, since }: AuditFilter, more: Record<string, string> = {}) {
  const given = Object.entries({ actor, action, target, since, ...more });
  return String(new URLSearchParams(given.flatMap(([k, v]) => (v ? [[k, v]] : []))));
}
