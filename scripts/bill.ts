/** What goes with a release besides the program: its bill of materials and others' licences. */
import pkg from "../package.json" with { type: "json" };
import type { Part } from "./parts.ts";

/** CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). Neither a time nor a random number: it is the same each time. */
export function bill(parts: readonly Part[]): string {
  const components = parts.map(({ name, version, licence }) => {
    const isPackage = name !== "bun" && name !== "postgresql";
    const purl = isPackage
      ? `pkg:npm/${name.replace("@", "%40")}@${version}`
      : `pkg:generic/${name}@${version}`;
    return {
      type: isPackage ? "library" : "application",
      "bom-ref": purl,
      name,
      version,
      purl,
      licenses: /^[\w.+-]+$/.test(licence)
        ? [{ license: { id: licence } }]
        : [{ expression: licence }],
    };
  });
  const root = `pkg:generic/polaris@${pkg.version}`;
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": root,
        name: pkg.name,
        version: pkg.version,
        licenses: [{ license: { id: pkg.license } }],
      },
    },
    components,
    dependencies: [{ ref: root, dependsOn: components.map(({ purl }) => purl) }],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

export function licences(parts: readonly Part[]): string {
  const chapters = parts.map(({ name, version, licence, text }) => {
    const title = `${name} ${version} (${licence})`;
    return `${title}\n${"-".repeat(title.length)}\n\n${text || `Under ${licence}; the package carries no text of it.`}\n`;
  });
  return `Polaris contains the following, each under its own licence.\n\n${chapters.join("\n\n")}`;
}
