import { expect, test } from "bun:test";
import { startRedactor } from "../../src/machine/redact.ts";
import type { Event } from "../../src/wire/event.ts";
import { harmless, leaks, plants } from "./corpus.ts";

const redact = startRedactor();

function event(text: string, at: number): Event {
  const base = {
    id: "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b2",
    at: "2026-01-01T00:00:00Z",
    sender: "agent:claude",
    source: { agent: "claude-code", translator: 1, via: "transcript" as const },
  };
  if (at % 3 === 0) return { ...base, kind: "agent.message", text, body: {} };
  if (at % 3 === 1) {
    const output = [{ type: "text", text }];
    return { ...base, kind: "tool.result", body: { callId: "toolu_1", output } };
  }
  return { ...base, kind: "other", body: { type: "x" }, raw: text };
}

const said = ({ text, body, raw }: Event) =>
  [text ?? "", raw ?? "", JSON.stringify(body), ...strings(body)].join("\n");

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

const percent = (part: number, all: number) => `${((100 * part) / all).toFixed(2)} %`;

test("A11: of planted secrets of every kind and place at most one in a hundred is left", () => {
  const kinds = new Map<string, [left: number, all: number]>();
  const places = new Map<string, [left: number, all: number]>();
  let left = 0;
  let all = 0;
  for (const plant of plants(20_261_121, 2)) {
    const leaked = leaks(said(redact(event(plant.text, all))), plant);
    for (const [map, key] of [
      [kinds, plant.kind],
      [places, plant.place],
    ] as const) {
      const [l, a] = map.get(key) ?? [0, 0];
      map.set(key, [l + (leaked ? 1 : 0), a + 1]);
    }
    if (leaked && process.env.SHOW)
      console.log(
        plant.kind,
        "|",
        plant.place,
        "|",
        plant.text.slice(0, 200),
        "=>",
        said(redact(event(plant.text, 0))).slice(0, 200),
      );
    left += leaked ? 1 : 0;
    all++;
  }
  const worst = (map: typeof kinds) =>
    [...map]
      .filter(([, [l]]) => l > 0)
      .map(([key, [l, a]]) => `${key} ${l}/${a}`)
      .join(", ") || "none";
  console.log(
    `recall ${percent(all - left, all)} of ${all} secrets of ${kinds.size} kinds in ${places.size} places; left by kind: ${worst(kinds)}; by place: ${worst(places)}`,
  );
  expect(kinds.size).toBeGreaterThanOrEqual(60);
  expect(all).toBeGreaterThanOrEqual(1_000);
  expect(left / all).toBeLessThanOrEqual(0.01);
});

test("A11: of what only looks drawn at random at most one in two hundred is masked", () => {
  const kinds = new Map<string, number>();
  const all = 7_600;
  let masked = 0;
  let at = 0;
  for (const { kind, text } of harmless(4_711, all)) {
    const before = event(text, at++);
    if (JSON.stringify(redact(before)) === JSON.stringify(before)) continue;
    if (process.env.SHOW)
      console.log(kind, text.slice(0, 300), "=>", said(redact(before)).slice(0, 300));
    masked++;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  console.log(
    `masked ${percent(masked, all)} of ${all} harmless texts: ${[...kinds].map((one) => one.join(" ")).join(", ") || "none"}`,
  );
  expect(masked / all).toBeLessThanOrEqual(0.005);
});
