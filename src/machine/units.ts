/** The files that tell systemd and launchd how to keep this machine's recorder running. Pure text. */
export interface Unit {
  /** `polaris`, or `polaris-1a2b3c4d` for a home of its own. */
  name: string;
  /** What starts Polaris, absolute. */
  command: string[];
  polarisHome: string;
  log: string;
}

/**
 * `Restart=always` also after a clean end: only `systemctl stop` means stop. A recorder that finds another one running
 * ends with 1, so the pause keeps that from being a busy loop, and no start limit keeps it from giving up for good.
 */
export function systemdUnit({ command, polarisHome }: Unit): string {
  const [program = "", ...args] = [...command, "--polaris-home", polarisHome, "daemon"];
  const words = [program, ...args.map((word) => word.replaceAll("$", "$$$$"))].map(systemdWord);
  return `[Unit]
Description=Polaris recorder: keeps what coding agents do on this machine and sends it to the server
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${words.join(" ")}
Restart=always
RestartSec=5
UMask=0077
NoNewPrivileges=yes
TimeoutStopSec=10

[Install]
WantedBy=default.target
`;
}

/**
 * Quoted; `%` is systemd's own sign everywhere, `$` in all words but the first, which is taken as it is and would keep
 * a doubled one (systemd 252; systemd.service(5), COMMAND LINES).
 */
export function systemdWord(word: string): string {
  const text = word.replaceAll("%", "%%");
  return /^[\w@%+=:,./$-]+$/.test(text)
    ? text
    : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export const launchdLabel = ({ name }: Pick<Unit, "name">): string => `dev.polaris.${name}`;

export function launchdPlist(unit: Unit): string {
  const words = [...unit.command, "--polaris-home", unit.polarisHome, "daemon"];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(launchdLabel(unit))}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xml(word)}</string>`).join("\n")}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>5</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  <string>/dev/null</string>
  <key>StandardErrorPath</key>
  <string>${xml(unit.log)}</string>
</dict>
</plist>
`;
}

export const xml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
