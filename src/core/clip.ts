/** A text of at most so many characters; what is left out is said. Never cuts a character in half. */
export function clip(text: string, most: number): string {
  const whole = text.trim();
  if (whole.length <= most) return whole;
  const mark = (left: number) => ` … ${left.toLocaleString("en")} more characters`;
  const room = Math.max(0, Math.floor(most) - mark(whole.length).length);
  const kept = whole
    .slice(0, room)
    .toWellFormed()
    .replace(/\uFFFD$/, "")
    .trimEnd();
  return `${kept}${mark(whole.length - kept.length)}`;
}

/** The same in one line. */
export const clipLine = (text: string, most: number): string =>
  clip(text.replace(/\s+/g, " "), most);
