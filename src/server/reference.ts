import { toOpenAPISchema } from "@elysiajs/openapi/openapi";
import type { AnyElysia } from "elysia";
import { z } from "zod";
import { OPERATIONS, type Operation } from "./operations.ts";

export interface Parameter {
  name: string;
  in: "path" | "query";
  required: boolean;
  description?: string;
  schema: Record<string, unknown>;
}

export interface Described {
  summary: string;
  tags: string[];
  operationId: string;
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

export interface Reference {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Described>>;
  components: Record<string, unknown>;
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The OpenAPI document: paths and what they ask for from the routes themselves, shapes from the schemas that parse. */
export function referenceOf(app: AnyElysia, about: { version: string; url: string }): Reference {
  const { paths: found } = toOpenAPISchema(app);
  const paths: Reference["paths"] = {};
  for (const [path, methods] of Object.entries(found)) {
    for (const method of METHODS) {
      const said: unknown = Reflect.get(methods ?? {}, method);
      const security = securityOf(said);
      if (!said || isPage(path, security)) continue;
      paths[path] ??= {};
      const plain = path.replaceAll(/\{([^}]+)\}/g, ":$1");
      paths[path][method] = describe(method, plain, security);
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Polaris",
      version: about.version,
      description:
        "Records coding-agent sessions and lets teammates advise them. Send Authorization: Bearer with a token of /app/settings/tokens. Lists answer { items, next }; errors { error: { code, message, hint } }.",
    },
    servers: [{ url: about.url }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "The scope that is needed: read, ingest, inject, admin.",
        },
        local: {
          type: "http",
          scheme: "bearer",
          description: "The key in the server's own data directory.",
        },
      },
    },
  };
}

const Said = z.object({ security: z.array(z.record(z.string(), z.array(z.string()))) });
const securityOf = (said: unknown): Described["security"] => {
  const parsed = Said.safeParse(said);
  return parsed.success ? parsed.data.security : [];
};

const isPage = (path: string, security: Described["security"]): boolean =>
  security.some((each) => "cookie" in each) ||
  /^\/(?:app|assets|favicon\.ico|claim|sign-in|openapi|robots\.txt|sitemap\.xml)?(?:\/\*|\/welcome|\/settings)?$/.test(
    path,
  ) ||
  /^\/auth\/\{provider\}|^\/auth\/sign/.test(path);

function describe(method: string, path: string, security: Described["security"]): Described {
  const operation: Operation = OPERATIONS[`${method.toUpperCase()} ${path}`] ?? { about: path };
  const { about, query, body, answer } = operation;
  const json = (schema: z.ZodType, io: "input" | "output") => ({
    "application/json": { schema: schemaOf(schema, io) },
  });
  return {
    summary: about,
    tags: [path.split("/")[1]?.replace("share", "shares").replace("sharess", "shares") || "server"],
    operationId: `${method}${path.replaceAll(/[/:]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    security,
    parameters: [...pathParameters(path), ...(query ? queryParameters(query) : [])],
    ...(body ? { requestBody: { required: true, content: json(body, "input") } } : {}),
    responses: {
      "200": { description: "Done", ...(answer ? { content: json(answer, "output") } : {}) },
      default: { description: "{ error: { code, message, hint } }" },
    },
  };
}

const pathParameters = (path: string): Parameter[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));

const Properties = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

function queryParameters(query: z.ZodType): Parameter[] {
  const { properties } = Properties.parse(schemaOf(query, "input"));
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
