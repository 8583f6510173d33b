/** Markdown is embedded as text: `import skill from "….md" with { type: "text" }`. */
declare module "*.md" {
  const text: string;
  export default text;
}
