/** @jsxImportSource preact */
/** `/openapi`: the API to read, drawn from its own document by the server; nothing is loaded from anywhere. */
import { Star } from "../parts/icon.tsx";
import { document, type Frame } from "./shell.tsx";

interface Operation {
  summary: string;
  tags: string[];
  operationId: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; schema: Record<string, unknown> }[];
  requestBody?: { content: Record<string, { schema: unknown }> } | undefined;
  responses: Record<string, { content?: Record<string, { schema: unknown }> | undefined }>;
}

export interface ReferencePage extends Frame {
  canonical: string;
  reference: {
    info: { title: string; version: string; description: string };
    paths: Record<string, Record<string, Operation>>;
  };
}

export function referencePage({ reference, canonical, ...frame }: ReferencePage): string {
  const { info, paths } = reference;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  const groups = Map.groupBy(all, ({ tags }) => tags[0] ?? "server");
  return document({
    ...frame,
    title: "API · Polaris",
    canonical,
    description: info.description,
    body: (
      <>
        <header class="bar">
          <a class="brand" href="/" aria-label="Polaris">
            <Star /> <span class="word">Polaris</span>
          </a>
          <span class="bar-end">{info.version}</span>
        </header>
        <main class="list-page reference" id="conversation">
          <h1>API</h1>
          <p>{info.description}</p>
          <p>
            <a href="/openapi/json">The document (OpenAPI 3.1)</a>
          </p>
          <nav aria-label="Parts" class="filters">
            {[...groups.keys()].map((name) => (
              <a key={name} href={`#${name}`}>
                {name}
              </a>
            ))}
          </nav>
          {[...groups].map(([name, operations]) => (
            <section key={name} aria-labelledby={name}>
              <h2 id={name}>{name}</h2>
              {operations.map((operation) => (
                <One key={operation.operationId} {...operation} />
              ))}
            </section>
          ))}
        </main>
      </>
    ),
  });
}

function One(operation: Operation & { path: string; method: string }) {
  const { path, method, summary, security, parameters, requestBody, responses, operationId } =
    operation;
  const needs = security.flatMap((each) =>
    Object.entries(each).map(([door, scopes]) => scopes[0] ?? door),
  );
  const answer = responses["200"]?.content?.["application/json"]?.schema;
  const body = requestBody?.content["application/json"]?.schema;
  return (
    <details class="operation" id={operationId}>
      <summary>
        <b class="method">{method.toUpperCase()}</b> <code>{path}</code>{" "}
        <span class="dim">{summary}</span>
      </summary>
      <p class="dim">{needs.length > 0 ? `Needs: ${needs.join(", ")}` : "Open to everybody"}</p>
      {parameters.length > 0 ? (
        <dl class="fields">
          {parameters.map(({ name, in: where, schema }) => (
            <div key={`${where} ${name}`}>
              <dt>
                <code>{name}</code> <span class="dim">{where}</span>
              </dt>
              <dd>
                <code>{typeOf(schema)}</code>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      {body ? <Schema name="Body" schema={body} /> : null}
      {answer ? <Schema name="Answer" schema={answer} /> : null}
    </details>
  );
}

function typeOf(schema: Record<string, unknown>): string {
  if (Array.isArray(schema.enum)) return schema.enum.join(" | ");
  return typeof schema.type === "string" ? schema.type : "any";
}

function Schema({ name, schema }: { name: string; schema: unknown }) {
  return (
    <>
      <h3>{name}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll sideways and must do so by keyboard too */}
      <pre class="output" tabIndex={0}>
        {JSON.stringify(schema, null, 2)}
      </pre>
    </>
  );
}
