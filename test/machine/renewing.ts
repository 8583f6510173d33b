import { paths } from "../../src/machine/paths.ts";
import { startTokens } from "../../src/machine/tokens.ts";

/** A process that asks for its access token many times at once, and says what it got. */
const [home = "", count = "1"] = process.argv.slice(2);
const tokens = startTokens(paths(home));
const got = await Promise.all(
  Array.from({ length: Number(count) }, () =>
    tokens.bearer("work").catch((error: Error) => `failed: ${error.message}`),
  ),
);
console.log(JSON.stringify([...new Set(got)]));
