/** A browser without a screen: keeps cookies per host, follows redirects, and fills in forms. */
export interface Seen {
  status: number;
  url: string;
  text: string;
  headers: Headers;
}

export function startVisitor(headers: Record<string, string> = {}) {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  const trail: string[] = [];

  async function go(url: string, form?: Record<string, string>, hops = 0): Promise<Seen> {
    const response = await once(url, form);
    const location = response.headers.get("location");
    if (location && response.status >= 300 && response.status < 400 && hops < 15) {
      await response.body?.cancel();
      return go(new URL(location, url).href, undefined, hops + 1);
    }
    return { status: response.status, url, text: await response.text(), headers: response.headers };
  }

  async function once(url: string, form?: Record<string, string>): Promise<Response> {
    trail.push(url);
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      method: form ? "POST" : "GET",
      redirect: "manual",
      headers: {
        ...headers,
        "sec-fetch-mode": "navigate",
        "sec-fetch-site": form ? "same-origin" : "none",
        ...(cookie ? { cookie } : {}),
      },
      ...(form ? { body: new URLSearchParams(form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = "", ...rest] = line.split(";");
      const at = pair.indexOf("=");
      const name = pair.slice(0, at);
      if (rest.some((part) => /^\s*max-age=0$/i.test(part))) jar.delete(name);
      else jar.set(name, pair.slice(at + 1));
    }
    return response;
  }

  return {
    /** Every address it asked for. */
    trail,
    cookies: jarOf,
    /** One request, its answer as it came. */
    once,
    open: (url: string) => go(url),
    post: (url: string, form: Record<string, string>) => go(url, form),
    /** Sends the page's form that has this text in it, with its hidden fields and these more. */
    submit(page: Seen, more: Record<string, string> = {}, having = ""): Promise<Seen> {
      const forms = page.text.match(/<form\b[\s\S]*?<\/form>/g) ?? [];
      const form = forms.find((each) => each.includes(having));
      if (!form)
        throw new Error(`no form with "${having}" on ${page.url}: ${page.text.slice(0, 500)}`);
      const action = plain(/action="([^"]*)"/.exec(form)?.[1] ?? page.url);
      const fields: Record<string, string> = {};
      for (const [input] of form.matchAll(/<input\b[^>]*>/g)) {
        const name = /\bname="([^"]*)"/.exec(input)?.[1];
        if (name) fields[name] = plain(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? "");
      }
      return go(new URL(action, page.url).href, { ...fields, ...more });
    },
  };
}
export type Visitor = ReturnType<typeof startVisitor>;

const plain = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
