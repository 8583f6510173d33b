import { systemdWord, xml } from "./units.ts";

/** The files that tell systemd and launchd how to keep a team's server running. Pure text. */
export interface ServerUnit {
  /** What starts Polaris, absolute. */
  command: string[];
  dataDir: string;
  user: string;
  /** Folders outside the data directory that it writes into: backups. */
  writes: string[];
  /** A port below 1024 takes a right of its own. */
  port: number;
}

/**
 * Nothing but its data directory can be written, no other user's files or processes be seen, and no right be gained.
 * MemoryDenyWriteExecute is missing because JavaScript is compiled while it runs. The main process alone is told to stop
 * (`mixed`): it drains requests for up to 8 s, then stops PostgreSQL, which a signal of its own would end first.
 */
export function serverUnit({ command, dataDir, user, writes, port }: ServerUnit): string {
  const [program = "", ...args] = [...command, "serve", "--data-dir", dataDir];
  const words = [program, ...args.map((word) => word.replaceAll("$", "$$$$"))].map(systemdWord);
  const bind = port > 0 && port < 1024 ? "CAP_NET_BIND_SERVICE" : "";
  return `[Unit]
Description=Polaris server: records sessions of coding agents for a team
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${words.join(" ")}
User=${user}
Group=${user}
Restart=always
RestartSec=2
WatchdogSec=90
TimeoutStartSec=600
TimeoutStopSec=40
KillMode=mixed
LimitNOFILE=65536
UMask=0077

ReadWritePaths=${[dataDir, ...writes].map(systemdWord).join(" ")}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=${/^\/(home|root|run\/user)\//.test(`${dataDir}/`) ? "no" : "yes"}
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=${bind ? "no" : "yes"}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=${bind}
AmbientCapabilities=${bind}

[Install]
WantedBy=multi-user.target
`;
}

export function serverPlist({ command, dataDir }: ServerUnit): string {
  const words = [...command, "serve", "--data-dir", dataDir];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>dev.polaris.server</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xml(word)}</string>`).join("\n")}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ExitTimeOut</key>
  <integer>40</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  <string>/dev/null</string>
  <key>StandardErrorPath</key>
  <string>${xml(`${dataDir}/server.log`)}</string>
</dict>
</plist>
`;
}
