/**
 * Colours of a terminal's output, loaded by pages that show some, after they are drawn. It answers pieces of text with
 * the name of their look, never markup. Of the 16 million colours six remain: each is readable on our ground in both
 * themes, which a program that wrote for another ground cannot know.
 */
import { type ParseToken, parseAnsiSequences } from "ansi-sequence-parser";
import type { Piece } from "./highlight.ts";

export const coloured = (text: string): Piece[] =>
  parseAnsiSequences(text).map((token) => [token.value, lookOf(token)]);

type Color = NonNullable<ParseToken["foreground"]>;

/** The names that code is coloured by (assets/tool.css). */
const LOOKS: Record<string, string> = {
  black: "hl-cmnt",
  red: "hl-err",
  green: "hl-str",
  yellow: "hl-num",
  blue: "hl-func",
  magenta: "hl-kwd",
  cyan: "hl-func",
  white: "",
};
const HUES = ["red", "yellow", "green", "cyan", "blue", "magenta"] as const;

function lookOf({ foreground, background, decorations }: ParseToken): string {
  // White on red is a failure; black on nothing is not.
  const color = background ?? foreground;
  const looks = [color ? LOOKS[nameOf(color)] : ""];
  if (decorations.has("bold")) looks.push("hl-bold");
  if (decorations.has("dim") && !looks[0]) looks.push("hl-cmnt");
  return looks.filter(Boolean).join(" ");
}

function nameOf(color: Color): string {
  if (color.type === "named") return color.name.replace("bright", "").toLowerCase();
  if (color.type === "rgb") return hueOf(color.rgb);
  const { index } = color;
  const names = Object.keys(LOOKS);
  if (index < 16) return names[index % 8] ?? "white";
  if (index >= 232) return index < 248 ? "black" : "white";
  const cube = index - 16;
  return hueOf([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51]);
}

/** Which of six hues; of greys the dark half is dim. */
function hueOf([red, green, blue]: [number, number, number]): string {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 40) return most < 140 ? "black" : "white";
  const sixth =
    most === red
      ? (green - blue) / range
      : most === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  return HUES[(Math.round(sixth) + 6) % 6] ?? "white";
}
