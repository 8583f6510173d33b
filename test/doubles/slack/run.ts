/** The fake as a program, for trying by hand: `bun test/doubles/slack/run.ts --port 4003`. */
import { FakeSlack } from "./fake.ts";

if (import.meta.main) {
  const arg = (name: string): string | undefined => {
    const i = process.argv.indexOf(`--${name}`);
    return i > 0 ? process.argv[i + 1] : undefined;
  };
  const slack = FakeSlack.start({
    port: Number(arg("port") ?? 4003),
    upstream: arg("upstream"),
    rateLimits: process.argv.includes("--rate-limits"),
    log: process.argv.includes("--verbose") ? console.error : undefined,
    teams: [
      {
        id: "T0ACME",
        name: "Acme",
        users: [
          {
            id: "U0MANU",
            name: "manu",
            realName: "Manu",
            email: "manu@acme.test",
            isAdmin: true,
          },
          { id: "U0KRISHNA", name: "krishna", realName: "Krishna", email: "krishna@acme.test" },
        ],
      },
    ],
  });
  console.log(
    JSON.stringify({
      url: slack.url,
      apiUrl: slack.apiUrl,
      authorizeUrl: slack.authorizeUrl,
      appToken: slack.appToken,
      clientId: slack.clientId,
      clientSecret: slack.clientSecret,
      botToken: arg("upstream") ? undefined : slack.install().token,
    }),
  );
}
