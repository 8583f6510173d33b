import { readdirSync, readlinkSync } from "node:fs";
import { copyDebian } from "../../scripts/debian.ts";

/** proc for the runtime's own path, shared memory for PostgreSQL: what every running system has. */
const ENTER = `root=$1; who=$2; shift 2
mount -t proc proc "$root/proc" && mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" || exit 97
exec /usr/sbin/chroot --userspec="$who" "$root" "$@"`;

/** A bare Debian of its own, as somebody's computer: same network as ours, its own files and users. */
export function startBox(debian: string, root: string) {
  copyDebian(debian, root);

  const spawn = (command: string[], env: Record<string, string>, who: string) =>
    Bun.spawn(["unshare", "--mount", "sh", "-c", ENTER, "sh", root, who, ...command], {
      env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LANG: "C.UTF-8", ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });

  async function run(script: string, env: Record<string, string> = {}, who = "root:root") {
    const child = spawn(["sh", "-eu", "-c", script], { HOME: "/root", ...env }, who);
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [out = "", err = ""] = await Promise.all(texts);
    const code = await child.exited;
    if (code !== 0) throw new Error(`${script}: ${code}\n${out}${err}`);
    return out;
  }

  /** Processes that live in this root: all of them were started by us. */
  function living(): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/root`) === root;
        } catch {
          return false;
        }
      });
  }

  return {
    root,
    spawn,
    run,
    async [Symbol.asyncDispose]() {
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        for (const pid of living()) {
          try {
            process.kill(pid, signal);
          } catch {
            // Gone in between.
          }
        }
        const end = performance.now() + 15_000;
        while (living().length > 0 && performance.now() < end) await Bun.sleep(50);
      }
    },
  };
}
