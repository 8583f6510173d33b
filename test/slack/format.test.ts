import { describe, expect, test } from "bun:test";
import { shape } from "../../src/slack/format/long.ts";
import { defuse, escaped, line } from "../../src/slack/format/safe.ts";
import { split } from "../../src/slack/format/split.ts";
import { tables } from "../../src/slack/format/table.ts";

const CALLS = /<!|<@|<#|@(channel|here|everyone)\b/;

describe("foreign text calls nobody and hides nothing (row D6)", () => {
  test.each([
    ["<!channel> look", "a call to the channel"],
    ["<!here|here>", "a call with a label"],
    ["hi <@U0MANU>", "a mention"],
    ["see <#C0DEV|dev>", "a channel"],
    ["&lt;!channel&gt;", "an escaped call"],
    ["@channel @here @everyone", "the bare words"],
    ["`<!channel>` and\n```\n<!everyone>\n```", "in code"],
    ["<!subteam^S123>", "a user group"],
    ["@\u202echannel", "behind a turned direction"],
  ])("%j", (text) => {
    expect(defuse(text)).not.toMatch(CALLS);
    expect(escaped(text)).not.toMatch(CALLS);
    expect(line(text)).not.toMatch(CALLS);
  });

  test.each([
    [
      "[https://bank.example](https://evil.example/x)",
      "https://bank.example (https://evil.example/x)",
    ],
    ["[**www.bank.example**](https://evil.example)", "www.bank.example (https://evil.example)"],
    ["[click](javascript:alert(1))", "click (`javascript:alert(1)`)"],
    ["[docs](https://docs.example/a)", "[docs](https://docs.example/a)"],
    ["[docs.example](https://www.docs.example/a)", "[docs.example](https://www.docs.example/a)"],
    ["`[a.example](https://b.example)`", "`[a.example](https://b.example)`"],
    ["x[user.name](https://b.example)", "xuser.name (https://b.example)"],
    [
      "<https://evil.example|https://bank.example>",
      "<\u2060https://evil.example|https://bank.example>",
    ],
    ["[bank]: https://evil.example", "\\[bank]: https://evil.example"],
  ])("a link says where it leads: %j", (given, shown) => {
    expect(defuse(given)).toBe(shown);
  });

  test("a line inside a sentence of ours begins no quote, no bold and no second line", () => {
    expect(line("*done*\n> `rm`")).toBe("\u2060*done\u2060* &gt; \u2060`rm\u2060`");
    expect(line(`a<${"😀".repeat(200)}`, 20)).toEndWith("…");
    expect(line("😀".repeat(200), 20).isWellFormed()).toBe(true);
  });
});

describe("long messages are cut without breaking (row D6)", () => {
  test("a fenced block that is cut is closed and opened again with its language", () => {
    const code = Array.from({ length: 40 }, (_, at) => `const line${at} = ${at};`).join("\n");
    const parts = split(`Look:\n\n\`\`\`ts\n${code}\n\`\`\`\nDone.`, 300);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts.slice(1)) expect(part).toStartWith("```ts\n");
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(300);
      expect(part.match(/^```/gm)?.length).toSatisfy((count) => Number(count) % 2 === 0);
    }
    const lines = parts.flatMap((part) => part.split("\n")).filter((it) => it.startsWith("const"));
    expect(lines.join("\n")).toBe(code);
  });

  test("whatever is written, parts keep the limit, close their fences and lose no word", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % below;
    };
    const bits = [
      "word ",
      "\n",
      "\n\n",
      "```\n",
      "~~~~js\n",
      "`",
      "😀",
      "x".repeat(500),
      "| a |",
      "> ",
    ];
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: random(200) }, () => bits[random(bits.length)]).join("");
      const parts = split(text, 400);
      const words = (it: string) => it.match(/word|😀/g)?.length ?? 0;
      expect(parts.reduce((sum, part) => sum + words(part), 0)).toBe(words(text));
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(400);
        expect(part.isWellFormed()).toBe(true);
        expect(isClosed(part)).toBe(true);
      }
    }
  });

  test.each(["snippet", "thread", "inline"] as const)("%s", (mode) => {
    const long = Array.from({ length: 300 }, (_, at) => `Paragraph ${at} ${"of words ".repeat(6)}`);
    const { lead, rest, file } = shape(long.join("\n\n"), mode);
    expect(lead.length).toBeLessThanOrEqual(mode === "inline" ? 11_000 : 620);
    for (const part of rest) expect(part.length).toBeLessThanOrEqual(11_000);
    if (mode === "snippet") expect(file).toContain("Paragraph 299");
    else expect(rest.at(-1)).toContain("Paragraph 299");
    expect(shape("short", mode)).toEqual({ lead: "short", rest: [] });
  });

  test("10 MB of output take no time and stay within what Slack holds", () => {
    const begun = performance.now();
    const { lead, file } = shape("[a.b](".repeat(1_700_000), "snippet");
    expect(Buffer.byteLength(file ?? "")).toBeLessThanOrEqual(1_000_000);
    expect(lead.length).toBeLessThan(700);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

describe("tables can be read (row D6)", () => {
  test("a small one stands in columns", () => {
    const drawn = tables("| name | n |\n|---|--:|\n| **a** | 1 |\n| `bcd` | 22 |\nend");
    expect(drawn).toBe("```\nname  n\n────  ──\na     1\nbcd   22\n```\nend");
  });

  test("a wide one is a list", () => {
    const wide = tables(`| file | why |\n|---|---|\n| a.ts | ${"because ".repeat(20)}|`);
    expect(wide).toStartWith("- **a.ts**\n  - why: because");
  });

  test("one inside a code block stays as it is", () => {
    const text = "```\n| a | b |\n|---|---|\n```";
    expect(tables(text)).toBe(text);
  });
});

function isClosed(part: string): boolean {
  let open: string | undefined;
  for (const text of part.split("\n")) {
    const [, mark, info = ""] = /^ {0,3}(`{3,}|~{3,})([^`]*)$/.exec(text) ?? [];
    if (!mark) continue;
    if (!open) open = mark;
    else if (mark.startsWith(open) && !info.trim()) open = undefined;
  }
  return open === undefined;
}
