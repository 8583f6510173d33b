import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { z } from "zod";
import { readPair, watchPair } from "../../src/cli/kit/certificate.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { startExternal } from "../helpers/external.ts";
import { tokenBy } from "../helpers/owner.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";
import { program, root, startService } from "../helpers/service.ts";
import { startSlack } from "../helpers/slack.ts";
import { temporary } from "../helpers/temp.ts";

const Result = z.object({
  dataDir: z.string(),
  unit: z.string().nullable(),
  running: z.boolean(),
  publicUrl: z.string(),
  claimUrl: z.string().nullable(),
  database: z.string(),
  slackLink: z.string().nullable(),
});

/** A machine on which somebody sets a server up. */
function operator(folder: string) {
  const dataDir = join(folder, "data");
  const env = { HOME: folder, PATH: process.env.PATH ?? "", TERM: "xterm-256color" };
  async function setup(...args: string[]) {
    const command = [
      ...program,
      "setup",
      "--server",
      "--yes",
      "--json",
      "--data-dir",
      dataDir,
      ...args,
    ];
    const child = Bun.spawn(command, {
      env,
      cwd: root,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [out = "", err = ""] = await Promise.all(texts);
    return { code: await child.exited, out, err };
  }
  return {
    dataDir,
    env,
    setup,
    async done(...args: string[]) {
      const { code, out, err } = await setup(...args);
      if (code !== 0) throw new Error(err);
      return Result.parse(JSON.parse(out));
    },
    settings: () => readFileSync(join(dataDir, "server.env"), "utf8"),
  };
}

test("I3: setup without questions ends with a server that serves, and the link that claims it", async () => {
  await using folder = temporary();
  const { dataDir, env, done, settings } = operator(folder.path);
  const port = String(await freePort());
  const answers = join(folder.path, "answers.json");
  writeFileSync(
    answers,
    JSON.stringify({ port, "backup-to": join(folder.path, "kept"), "backup-keep": 3 }),
  );
  const result = await done("--answers", answers, "--service", "none", "--backup-keep", "5");
  expect(result).toMatchObject({ database: "embedded", unit: null, running: false });
  expect(statSync(join(dataDir, "server.env")).mode & 0o777).toBe(0o600);
  expect(settings()).toContain(`POLARIS_PORT="${port}"`);
  expect(settings()).toContain('POLARIS_BACKUP_KEEP="5"');

  // The server takes it from there, and the printed link is good.
  await using server = startService({
    args: () => ["serve", "--json", "--data-dir", dataDir],
    env,
    log: join(folder.path, "log"),
  });
  expect(await server.start()).toMatchObject({ url: `http://127.0.0.1:${port}` });
  expect(await tokenBy(result.claimUrl ?? "")).toStartWith("pol_a_");
  await server.kill("SIGTERM");

  // Again: what is not said stays, an empty answer takes one back.
  const again = await done("--backup-to", "", "--service", "none");
  expect(again.claimUrl).toBeNull();
  expect(settings()).toContain(`POLARIS_PORT="${port}"`);
  expect(settings()).not.toContain("POLARIS_BACKUP_TO");
}, 60_000);

test("I3: every answer is tested first, and a wrong one changes nothing", async () => {
  await using folder = temporary();
  const { dataDir, setup, done, settings } = operator(folder.path);
  const port = String(await freePort());
  const wrong: [string[], RegExp][] = [
    [["--database", "postgres://nobody:none@127.0.0.1:1/none"], /database does not answer/],
    [["--port", "70000"], /"70000" is not a port/],
    [["--tls-cert", "/none.pem", "--tls-key", "/none.pem"], /cannot be read as certificate/],
    [["--oidc-issuer", "http://127.0.0.1:1", "--oidc-client-id", "x"], /sign-in/],
    [["--backup-to", join(root, "package.json/kept")], /backups/],
    [["--service", "cron"], /no kind of service/],
  ];
  for (const [args, words] of wrong) {
    const { code, err } = await setup("--port", port, ...args);
    expect(err).toMatch(words);
    expect(code).not.toBe(0);
    expect(existsSync(dataDir)).toBe(false);
  }
  await done("--port", port, "--service", "none");
  const before = settings();
  await using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
  const { err } = await setup("--port", String(taken.port));
  expect(err).toContain("is taken");
  expect(settings()).toBe(before);
}, 90_000);

test("I3: setup with a database and a certificate of one's own", async () => {
  await using folder = temporary();
  await using external = await startExternal();
  const { dataDir, env, done } = operator(folder.path);
  const [cert, key] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = Bun.spawnSync([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
    ],
    ...["-days", "2", ...subject, "-keyout", key, "-out", cert],
  ]);
  expect(made.exitCode).toBe(0);
  const port = String(await freePort());
  const args = ["--port", port, "--public-url", `https://localhost:${port}`, "--service", "none"];
  const result = await done(
    ...args,
    "--tls-cert",
    cert,
    "--tls-key",
    key,
    "--database",
    external.url,
  );
  expect(result.database).toBe("external");
  await using server = startService({
    args: () => ["serve", "--json", "--data-dir", dataDir],
    env,
    log: join(folder.path, "log"),
  });
  await server.start();
  const tls = { ca: readFileSync(cert, "utf8") };
  const answer = await fetch(`https://localhost:${port}/readyz`, { tls });
  expect(await answer.json()).toMatchObject({ ready: true });
}, 60_000);

test("D8, I3: setup gives the link that makes the Slack app, and tries what Slack gave for it", async () => {
  await using folder = temporary();
  await using slack = startSlack();
  const { dataDir, env, setup, done, settings } = operator(folder.path);
  const port = String(await freePort());
  const base = ["--port", port, "--service", "none", "--public-url", "https://polaris.example.com"];
  const first = await done(...base);
  const manifest = new URL(first.slackLink ?? "").searchParams.get("manifest_json") ?? "";
  expect(manifest).toContain("https://polaris.example.com/slack/callback");

  // The same link again, out of what setup wrote down.
  const again = Bun.spawnSync([...program, "slack", "--data-dir", dataDir, "--json"], { env });
  expect(JSON.parse(String(again.stdout)).createLink).toBe(first.slackLink);

  const good = {
    "--slack-api-url": slack.apiUrl,
    "--slack-client-id": slack.clientId,
    "--slack-client-secret": slack.clientSecret,
    "--slack-app-token": slack.appToken,
  };
  const wrong: [Partial<typeof good>, RegExp][] = [
    [{ "--slack-client-secret": "no" }, /Slack: The app's client secret is wrong/],
    [{ "--slack-client-id": "no" }, /Slack: The app's client id is wrong/],
    [{ "--slack-client-id": "" }, /Slack takes the app's client ID/],
    [{ "--slack-app-token": "xapp-no" }, /app-level token is refused \(invalid_auth\)/],
    [{ "--slack-app-token": "" }, /app-level token is missing/],
    [{ "--slack-api-url": "http://127.0.0.1:1/" }, /Slack did not answer/],
  ];
  for (const [change, words] of wrong) {
    const { code, err } = await setup(...base, ...Object.entries({ ...good, ...change }).flat());
    expect(err).toMatch(words);
    expect(code).not.toBe(0);
    expect(settings()).not.toContain("SLACK");
  }
  const { code, err, out } = await setup(...base, ...Object.entries(good).flat());
  expect(err).toContain("✓ Slack: The app");
  expect(err).toContain("app-level token opens a connection");
  expect(code).toBe(0);
  expect(Result.parse(JSON.parse(out)).slackLink).toBeNull();
  expect(settings()).toContain(slack.appToken);
}, 90_000);

test("I4: a renewed certificate is taken up, a half-written one is not", async () => {
  await using polaris = await startPolaris();
  await using folder = temporary();
  const make = (name: string) => {
    const [cert, key] = [join(folder.path, `${name}.cert`), join(folder.path, `${name}.key`)];
    Bun.spawnSync([
      ...[
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
      ],
      ...["-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
    ]);
    return { cert, key };
  };
  const [first, second] = [make("first"), make("second")];
  const seen = () =>
    new Promise<string>((resolve, reject) => {
      const to = { host: "127.0.0.1", port: polaris.server.port, rejectUnauthorized: false };
      const socket = connect(to, () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "");
        socket.end();
      });
      socket.on("error", reject);
    });
  const print = ({ cert }: { cert: string }) =>
    new X509Certificate(readFileSync(cert)).fingerprint256;
  const files = { cert: join(folder.path, "cert"), key: join(folder.path, "key") };
  const put = ({ cert, key }: { cert: string; key: string }) => {
    cpSync(key, files.key);
    cpSync(cert, files.cert);
  };
  put(first);
  polaris.server.renew(readPair(files));
  expect(await seen()).toBe(print(first));
  const tls = { rejectUnauthorized: false };
  using _watch = watchPair(files, { renew: polaris.server.renew, log: silent, everyMs: 50 });
  // Half of it is there: not yet.
  cpSync(second.cert, files.cert);
  await Bun.sleep(200);
  expect(await seen()).toBe(print(first));
  put(second);
  await until(async () => (await seen()) === print(second), { what: "the new certificate" });
  const answer = await fetch(`https://127.0.0.1:${polaris.server.port}/readyz`, { tls });
  expect(answer.status).toBe(200);
}, 30_000);

test("I3: questions in a terminal; Ctrl-C leaves the old state, the end writes the new one", async () => {
  await using folder = temporary();
  const { dataDir, env, done, settings } = operator(folder.path);
  const port = String(await freePort());
  await using slack = startSlack();
  await done("--port", port, "--service", "none", "--slack-api-url", slack.apiUrl);
  const before = settings();
  const other = String(await freePort());

  function terminal() {
    let drawn = "";
    const command = [...program, "setup", "--server", "--data-dir", dataDir, "--service", "none"];
    const child = Bun.spawn(command, {
      env,
      cwd: root,
      terminal: {
        cols: 120,
        rows: 40,
        data(_, bytes) {
          drawn += new TextDecoder().decode(bytes);
        },
      },
    });
    const shows = async (words: string) => {
      const found = () => Bun.stripANSI(drawn).includes(words);
      await until(found, {
        timeoutMs: 20_000,
        what: `"${words}" on the screen: ${Bun.stripANSI(drawn).slice(-800)}`,
      });
    };
    return {
      child,
      shows,
      async press(words: string, keys: string) {
        await shows(words);
        drawn = "";
        child.terminal?.write(keys);
      },
    };
  }
  const CTRL_C = "\u0003";
  const stopped = terminal();
  await stopped.press("How do people reach it?", "\r");
  await stopped.press("Port to listen on", CTRL_C);
  await stopped.shows("Nothing was changed");
  expect(await stopped.child.exited).toBe(1);
  expect(settings()).toBe(before);

  const whole = terminal();
  await whole.press("How do people reach it?", "\r");
  await whole.press("Port to listen on", `${"\u007f".repeat(port.length)}${other}\r`);
  await whole.press("Which database?", "\r");
  await whole.press("How do people sign in?", "\r");
  await whole.press("Connect Slack now?", "y");
  await whole.shows("https://api.slack.com/apps?new_app=1&manifest_json=");
  await whole.press("Slack app's client ID", `${slack.clientId}\r`);
  await whole.press("Its client secret", `${slack.clientSecret}\r`);
  await whole.press("Its app-level token", `${slack.appToken}\r`);
  await whole.press("Back up to", "\r");
  await whole.shows("app-level token opens a connection");
  await whole.press("Write this down?", "y");
  await whole.shows("The server serves");
  expect(await whole.child.exited).toBe(0);
  expect(settings()).toContain(`POLARIS_PORT="${other}"`);
}, 90_000);

test.skipIf(process.getuid?.() !== 0)(
  "I4: as root, setup writes a unit for a user of its own, who owns the data",
  async () => {
    await using folder = temporary();
    const { dataDir, done } = operator(folder.path);
    const units = join(folder.path, "units");
    mkdirSync(units);
    const port = String(await freePort());
    const args = ["--service", "systemd", "--user", "nobody", "--unit-dir", units, "--port", port];
    const result = await done(...args);
    expect(result.unit).toBe(join(units, "polaris-server.service"));
    const unit = readFileSync(result.unit ?? "", "utf8");
    expect(unit).toContain("User=nobody");
    expect(unit).toContain("ProtectSystem=strict");
    expect(statSync(join(dataDir, "server.env")).uid).toBe(statSync(dataDir).uid);
    expect(statSync(dataDir).uid).not.toBe(0);
    chownSync(folder.path, 0, 0);
  },
  60_000,
);
