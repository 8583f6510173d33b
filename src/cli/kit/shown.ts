/**
 * Others' words as this terminal may show them: an escape sequence in an answer would clear it, retitle it or type for
 * whoever reads. Lines and tabs stay.
 */
export const shown = (text: string): string => text.replaceAll(/(?![\n\t])\p{Cc}/gu, "\u00b7");
