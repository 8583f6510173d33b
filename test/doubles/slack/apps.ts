import { Consent } from "./consent.ts";
import { escapeHtml, Fail, html, type Json } from "./model.ts";

/** api.slack.com/apps, as a person meets it there: an app made from the link, its secrets, a token for Socket Mode. */
export class Apps extends Consent {
  /** App-level tokens that somebody generated on the page. */
  readonly generated: string[] = [];

  protected async appsPage(url: URL, req: Request): Promise<Response> {
    if (url.pathname === "/apps" && req.method === "GET") return this.chooser(url);
    const form = req.method === "POST" ? new URLSearchParams(await req.text()) : undefined;
    if (url.pathname === "/apps" && form) return this.made(form.get("manifest_json") ?? "");
    if (url.pathname !== `/apps/${this.appId}/general`) return html("no such app", 404);
    if (form?.get("scope") === "connections:write") this.generated.push(this.appToken);
    return this.general();
  }
  private chooser(url: URL): Response {
    const given = url.searchParams.get("manifest_json") ?? "";
    const teams = [...this.teams.values()].map(
      ({ id, name }) => `<option value="${id}">${escapeHtml(name)}</option>`,
    );
    return html(`<h1>Create an app from a manifest</h1><form method="post" action="/apps">
      <label>Pick a workspace <select name="team">${teams.join("")}</select></label>
      <input type="hidden" name="manifest_json" value="${escapeHtml(given)}">
      <button>Create</button></form>`);
  }
  /** From here on only what the manifest names is sent back to, and told. */
  private made(given: string): Response {
    try {
      const manifest = JSON.parse(given) as Json;
      this.manifest("apps.manifest.create", { manifest });
      this.redirectUrls = manifest.oauth_config?.redirect_urls ?? [];
      this.botEvents = new Set(manifest.settings?.event_subscriptions?.bot_events ?? []);
    } catch (error) {
      const why = error instanceof Fail ? JSON.stringify(error.extra) : String(error);
      return html(`We can't translate a manifest with errors: ${escapeHtml(why)}`, 400);
    }
    return new Response(null, {
      status: 303,
      headers: { location: `/apps/${this.appId}/general` },
    });
  }
  private general(): Response {
    const tokens = this.generated.map((token) => `<output name="token">${token}</output>`);
    return html(`<h1>Basic Information</h1>
      <p><label>Client ID <input readonly value="${this.clientId}"></label></p>
      <p><label>Client Secret <input readonly value="${this.clientSecret}"></label></p>
      <h2>App-Level Tokens</h2>
      <form method="post" action="/apps/${this.appId}/general">
      <label>Token Name <input name="name" required></label>
      <label>Scope <select name="scope"><option>connections:write</option></select></label>
      <button>Generate</button></form>${tokens.join("")}`);
  }
}
