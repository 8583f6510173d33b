/** @jsxImportSource preact */
/** Members, devices, tokens, agents, Slack, webhooks and the audit: a page each, one bar to go between them, the same that the menu above leads to. */
export const SETTINGS = [
  ["Members", "/app/settings/members"],
  ["Devices", "/app/settings/devices"],
  ["Tokens", "/app/settings/tokens"],
  ["Agents", "/app/settings/agents"],
  ["Slack", "/app/settings/slack"],
  ["Webhooks", "/app/settings/webhooks"],
  ["Audit", "/app/settings/audit"],
] as const;

export type Tab = (typeof SETTINGS)[number][0];

export function Tabs({ current }: { current: Tab }) {
  return (
    <nav class="tabs" aria-label="Settings">
      {SETTINGS.map(([name, href]) => (
        <a key={name} href={href} aria-current={name === current ? "page" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}
