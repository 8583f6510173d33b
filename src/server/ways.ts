import type { Ways } from "../web/pages/ways.tsx";
import type { House } from "./house.ts";

/** How people come into this server, as far as its environment says; secrets and client ids are nobody's business here. */
export function waysOf({ providers, publicUrl, signUp, mail }: House): Ways {
  const known = [
    { id: "google", name: "Google", names: ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"] },
    {
      id: "oidc",
      name: "Another OpenID Connect provider",
      names: ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME"],
    },
  ];
  return {
    providers: known.map(({ id, name, names }) => {
      const set = providers.find((each) => each.id === id);
      return {
        name: set?.name ?? name,
        issuer: set?.issuer ?? null,
        callback: set?.callback() ?? `${publicUrl}/auth/${id}/callback`,
        names,
      };
    }),
    signUp: typeof signUp === "string" ? signUp : "domains",
    mails: mail !== undefined,
  };
}
